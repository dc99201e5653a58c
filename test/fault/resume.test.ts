import { gzipSync } from 'node:zlib';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type WireItem, wireItem } from '../../functions/shared/items/wire-item.ts';
import type { LoggedRequest } from '../../workflow/local/gateway/request-log.ts';
import { itemDigest } from '../../functions/shared/items/digest.ts';
import { readTables, targetContent, violationsOf } from '../support/checker.ts';
import { eventually } from '../support/embedded.ts';
import { type FaultShop, openFaultShop } from '../support/fault-shop.ts';
import { functionName } from '../support/request-points.ts';
import { secretProduct, secretProducts } from '../support/secret-products.ts';

/** The product with this id, after the shop has changed its price. */
const repriced = (id: string): WireItem =>
  wireItem([...Object.entries(secretProduct(id)), ['price', { S: '999.00' }]]);

const nameOf = (arn: string): string => arn.split(':').at(-1) ?? '';

describe('a run that is held half-way', () => {
  let shop: FaultShop;
  beforeAll(async () => {
    shop = await openFaultShop({
      environment: { FENCE_WAIT_SECONDS: '0', INTENT_WAIT_SECONDS: '1' },
      timeoutSeconds: { migrateProductsEnhanced: 3 },
    });
  });
  afterAll(() => shop.stop());

  const shards = async (runId: string): Promise<readonly Readonly<Record<string, unknown>>[]> =>
    (await shop.ledgerItems()).filter(
      ({ PK, SK }) => PK === `RUN#${runId}` && SK.startsWith('SHARD#MigrateProducts'),
    );

  const written = (): readonly string[] =>
    shop.aws.requestLog.entries
      .filter(
        ({ functionName: name, applied }) => applied && name === functionName('migrateProductsEnhanced'),
      )
      .filter(({ tables }) => tables.includes('products-enhanced'))
      .map(({ operation }) => operation);

  it('continues at its cursor, without reading the source again for the backup or writing finished items again', async () => {
    const products = secretProducts(600);
    await shop.reset(products);
    const before = await readTables(shop);
    // Each shard needs several turns: its share of the cap is not enough for one.
    const arn = await shop.begin({ onFailure: 'hold', writeUnitsPerSecond: 150, maxConcurrency: 2 });
    const runId = nameOf(arn);
    const halfDone = await eventually(async () => {
      const saved = await shards(runId);
      return saved.some(({ done, cursor }) => done === false && cursor !== undefined) ? saved : undefined;
    });
    await shop.sfn.send(new StopExecutionCommand({ executionArn: arn }));
    await eventually(async () => ((await shop.ledgerRun(runId))?.['status'] === 'HELD' ? true : undefined));
    const itemsBefore = halfDone.reduce(
      (sum, { counters }) => sum + ((counters as { items?: number }).items ?? 0),
      0,
    );
    const finished = halfDone.filter(({ done }) => done === true).length;
    expect(itemsBefore).toBeGreaterThan(0);
    // The stopped execution's worker works on for a moment. It must have ended, because it is fenced off.
    await shop.aws.killWorkers('migrateProductsEnhanced');
    const reached = (await shards(runId)).reduce(
      (sum, { counters }) => sum + ((counters as { items?: number }).items ?? 0),
      0,
    );
    shop.aws.requestLog.clear();

    const report = await shop.migrate({ resume: runId });

    const { entries } = shop.aws.requestLog;
    const scans = entries.filter(
      ({ operation, functionName: name }) => operation === 'Scan' && name === functionName('backupProducts'),
    );
    const puts = entries.filter(
      ({ operation, applied, key = '' }) =>
        operation === 'PutObject' && applied && key.startsWith('AWSDynamoDB/'),
    );
    expect([scans, puts, finished]).toEqual([[], [], 0]);
    const rewritten = written().filter((operation) => operation === 'PutItem').length;
    expect(rewritten).toBeLessThan(1_800 - reached + 400);
    expect(rewritten).toBeGreaterThanOrEqual(1_800 - itemsBefore - 900);
    expect(report).toMatchObject({ runId, status: 'SUCCEEDED', migrated: { products: 600, items: 1_800 } });
    const checked = { before, runId, end: 'SUCCEEDED' } as const;
    expect(await violationsOf(shop, checked)).toEqual([]);
  }, 120_000);

  it('writes nothing again for a shard that is finished', async () => {
    await shop.reset(secretProducts(12));
    const failing = shop.aws.faults.add({
      functionName: functionName('verifyMigration'),
      kind: 'error',
      code: 'ValidationException',
    });
    const arn = await shop.begin({ onFailure: 'hold' });
    const held = await shop.endOf(arn);
    expect(held.cause).toContain('"resume"');
    failing.remove();
    shop.aws.requestLog.clear();

    const report = await shop.migrate({ resume: nameOf(arn) });

    expect(report).toMatchObject({ status: 'SUCCEEDED', migrated: { products: 12 } });
    expect(written()).toEqual([]);
  });
});

describe('workers with very little time', () => {
  let shop: FaultShop;
  const limit = { backupProducts: 2, migrateProductsEnhanced: 2, verifyMigration: 2 };
  beforeAll(async () => void (shop = await openFaultShop({ timeoutSeconds: limit })));
  afterAll(() => shop.stop());

  it('take several turns at every shard, and leave the same items behind', async () => {
    await shop.reset(secretProducts(300, 600));
    const before = await readTables(shop);
    // One worker, whose share of the caps is enough for a part of its shard in 1.5 s.
    const caps = { readUnitsPerSecond: 12, writeUnitsPerSecond: 40, maxConcurrency: 1 };

    const report = await shop.migrate(caps);

    const turns = (await shop.ledgerItems())
      .filter(({ SK }) => SK.startsWith('SHARD#'))
      .map(({ SK, turns: count }) => [SK.split('#')[1] ?? '', Number(count)] as const);
    const several = turns.filter(([, count]) => count > 1).map(([state]) => state);
    expect(Object.fromEntries(turns)).toMatchObject({ TransformProducts: 1 });
    expect(several).toEqual(expect.arrayContaining(['BackupProducts', 'MigrateProducts', 'VerifyMigration']));
    expect(await violationsOf(shop, { before, runId: report.runId, end: 'SUCCEEDED' })).toEqual([]);
  }, 180_000);
});

describe('a shop that continues to sell', () => {
  let shop: FaultShop;
  beforeAll(async () => void (shop = await openFaultShop()));
  afterAll(() => shop.stop());

  const item = async (partition: string, sort: string): Promise<WireItem | undefined> =>
    (await shop.dynamo.scan('products-enhanced')).find(
      ({ PK, SK }) => JSON.stringify([PK, SK]) === JSON.stringify([{ S: partition }, { S: sort }]),
    );

  it('finds its changes reported as drift, and catches up with a second run that keeps what it changed in the target', async () => {
    await shop.reset(secretProducts(12));
    // The sale happens while the run verifies, after the backup and before the comparison.
    let isDone = false;
    const sell = async (): Promise<void> => {
      await shop.dynamo.put('products', secretProduct('new'));
      await shop.dynamo.put('products', repriced('p-1'));
      await shop.dynamo.put('products', repriced('p-2'));
      await shop.dynamo.call('DeleteItem', { TableName: 'products', Key: { id: { S: 'p-3' } } });
    };
    shop.aws.faults.add({
      functionName: functionName('createCartTable'),
      operation: 'CreateTable',
      kind: 'error',
      code: 'LimitExceededException',
      where: () => !isDone,
    });
    const arn = await shop.begin();
    await eventually(() => shop.aws.requestLog.entries.find(({ fault }) => fault === 'error'));
    await sell();
    isDone = true;
    const first = await shop.endOf(arn);
    expect(first.status).toBe('SUCCEEDED');
    const report = JSON.parse(first.output ?? '') as Awaited<ReturnType<typeof shop.migrate>>;
    expect(report.verification?.drift).toEqual({ added: 1, changed: 2, removed: 1 });
    expect(report.driftKeys).toEqual({ added: ['new'], changed: ['p-1', 'p-2'], removed: ['p-3'] });
    const existing = await item('PRODUCT#p-2', 'METADATA');
    const shopsOwn = { ...existing, shopNote: { S: 'ours' } };
    await shop.dynamo.put('products-enhanced', shopsOwn);
    const removed = await item('PRODUCT#p-3', 'METADATA');

    const second = await shop.migrate({ onExisting: 'replace' });

    const variant = Object.values(
      (await shop.dynamo.scan('products-enhanced')).filter(({ PK }) => JSON.stringify(PK).includes('p-1"')),
    );
    expect(variant.filter(({ price }) => price !== undefined).map(({ price }) => price)).toEqual([
      { N: '99900' },
      { N: '99900' },
    ]);
    expect(await item('PRODUCT#new', 'METADATA')).toBeDefined();
    expect(await item('PRODUCT#p-2', 'METADATA')).toEqual(shopsOwn);
    expect(await item('PRODUCT#p-3', 'METADATA')).toEqual(removed);
    expect(second).toMatchObject({ status: 'SUCCEEDED', verification: { missing: 0, different: 0 } });
    expect((await targetContent(shop)).length).toBe(3 * 13);
  }, 120_000);
});

describe('a run that is held while its target files are made', () => {
  let shop: FaultShop;
  beforeAll(async () => void (shop = await openFaultShop()));
  afterAll(() => shop.stop());

  const isTarget = (key = ''): boolean => key.includes('/target/') && key.includes('/data/');

  /** A line that other code may have made, and that this code makes of no product. */
  function lineOfOtherCode(runId: string): string {
    const item = { PK: { S: 'PRODUCT#p-1' }, SK: { S: 'VARIANT#OLD' }, migrationRun: { S: runId } };
    return `${JSON.stringify({ Item: { ...item, migrationDigest: { S: itemDigest(item) } } })}\n`;
  }

  it('makes all of them again, so that no item made by other code is ever written', async () => {
    await shop.reset(secretProducts(600));
    const before = await readTables(shop);
    let stored = 0;
    const fault = shop.aws.faults.add({
      functionName: functionName('transformProducts'),
      operation: 'PutObject',
      kind: 'error',
      code: 'AccessDenied',
      status: 403,
      where: ({ key }) => isTarget(key) && (stored += 1) > 1,
    });
    const arn = await shop.begin({ onFailure: 'hold' });
    expect((await shop.endOf(arn)).cause).toContain('"resume"');
    fault.remove();
    const runId = nameOf(arn);
    // The files made so far come from other code.
    const made = (await shop.objectKeys(`runs/${runId}/target/`)).filter(isTarget);
    expect(made.length).toBeGreaterThan(0);
    const Body = gzipSync(lineOfOtherCode(runId));
    for (const Key of made) {
      await shop.s3.send(new DeleteObjectCommand({ Bucket: shop.aws.bucket, Key }));
      await shop.s3.send(new PutObjectCommand({ Bucket: shop.aws.bucket, Key, Body, IfNoneMatch: '*' }));
    }

    const report = await shop.migrate({ resume: runId });

    expect(report).toMatchObject({
      status: 'SUCCEEDED',
      migrated: { products: 600, items: 1_800 },
      verification: { missing: 0, different: 0, extra: 0 },
    });
    expect((await targetContent(shop)).join()).not.toContain('VARIANT#OLD');
    expect(await shop.objectKeys(`runs/${runId}/target-1/`)).not.toEqual([]);
    expect(await violationsOf(shop, { before, runId, end: 'SUCCEEDED' })).toEqual([]);
  }, 120_000);
});

describe('a run that is held twice while it replaces', () => {
  let shop: FaultShop;
  beforeAll(async () => void (shop = await openFaultShop()));
  afterAll(() => shop.stop());

  /** Refuses the run's writes after some requests, so that it is held half-way. */
  async function holdHalfWay(input: object, operation: string, after: number): Promise<string> {
    let count = 0;
    const fault = shop.aws.faults.add({
      functionName: functionName('migrateProductsEnhanced'),
      operation,
      kind: 'error',
      code: 'AccessDeniedException',
      where: () => (count += 1) > after,
    });
    const arn = await shop.begin(input);
    expect((await shop.endOf(arn)).error).toBe('PermissionDeniedError');
    fault.remove();
    return nameOf(arn);
  }

  it('leaves the shop’s table as it was when it is rolled back after all', async () => {
    await shop.reset(secretProducts(120));
    await shop.migrate();
    for (let index = 1; index < 100; index += 1) await shop.dynamo.put('products', repriced(`p-${index}`));
    await shop.dynamo.put('products-enhanced', { PK: { S: 'SHOP#1' }, SK: { S: 'OWN' } });
    const before = await readTables(shop);
    const runId = await holdHalfWay({ onFailure: 'hold', onExisting: 'replace' }, 'UpdateItem', 40);
    await holdHalfWay({ resume: runId }, 'UpdateItem', 40);

    expect((await shop.run('rollback', { runId })).status).toBe('SUCCEEDED');

    expect(await violationsOf(shop, { before, runId, end: 'ROLLED_BACK' })).toEqual([]);
  }, 120_000);
});

describe('30 % UnprocessedItems and 30 % throttling at once', () => {
  let shop: FaultShop;
  // Both ends of every connection are in this process, with up to a dozen connections a worker. That is few enough for
  // 1,024 open files.
  beforeAll(async () => void (shop = await openFaultShop({ maxWorkers: 12, maxIdleWorkers: 8 })));
  afterAll(() => shop.stop());

  it('lose no item of 5,000 products', async () => {
    await shop.reset(secretProducts(5_000));
    const before = await readTables(shop);
    // Every request is meant, including those to the ledger and about tables.
    const rate = { service: 'dynamodb', rate: 0.3, seed: 11 } as const;
    const isOfRun = ({ functionName: name }: LoggedRequest): boolean => name !== undefined;
    const throttled = shop.aws.faults.add({ ...rate, kind: 'throttle', where: isOfRun });
    const handedBack = shop.aws.faults.add({
      operation: 'BatchWriteItem',
      kind: 'unprocessed',
      share: 0.3,
      seed: 12,
    });

    const report = await shop.migrate();

    shop.aws.faults.clear();
    expect(throttled.struck).toBeGreaterThan(100);
    expect(handedBack.struck).toBeGreaterThan(100);
    expect(report).toMatchObject({
      migrated: { products: 5_000, items: 15_000 },
      verification: { missing: 0, different: 0, extra: 0 },
    });
    expect(await violationsOf(shop, { before, runId: report.runId, end: 'SUCCEEDED' })).toEqual([]);
  }, 300_000);
});
