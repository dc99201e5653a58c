import { gzipSync } from 'node:zlib';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type WireItem, wireItem } from '../../functions/shared/items/wire-item.ts';
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
      // A slow machine needs seconds for the first requests of a function that was just loaded.
      timeoutSeconds: { migrateProductsEnhanced: 8 },
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

  const isHalfWay = (items: number): boolean => items > 0 && items < 1_400;

  it('continues at its cursor, without reading the source again for the backup or writing finished items again', async () => {
    await shop.reset(secretProducts(600));
    const before = await readTables(shop);
    // Each shard needs several turns: its share of the cap is not enough for one.
    const arn = await shop.begin({ onFailure: 'hold', writeUnitsPerSecond: 100, maxConcurrency: 2 });
    const runId = nameOf(arn);
    const halfDone = await eventually(async () => {
      const saved = await shards(runId);
      const { status, cause } = await shop.sfn.send(new DescribeExecutionCommand({ executionArn: arn }));
      if (status !== 'RUNNING') throw new Error(`The run ended before any shard was half done: ${cause}`);
      return saved.some(({ done, cursor }) => done === false && cursor !== undefined) ? saved : undefined;
    });
    // Its workers go on after the stop, until they find that they are fenced off. They write no further, however long.
    const stuck = shop.aws.faults.add({
      functionName: functionName('migrateProductsEnhanced'),
      kind: 'throttle',
      where: ({ tables }) => tables.includes('products-enhanced'),
    });
    await shop.sfn.send(new StopExecutionCommand({ executionArn: arn }));
    await eventually(async () => ((await shop.ledgerRun(runId))?.['status'] === 'HELD' ? true : undefined));
    await shop.aws.killWorkers('migrateProductsEnhanced');
    stuck.remove();
    const finished = halfDone.filter(({ done }) => done === true).length;
    const reached = (await shards(runId)).reduce(
      (sum, { counters }) => sum + ((counters as { items?: number }).items ?? 0),
      0,
    );
    const present = (await targetContent(shop)).length;
    expect([reached, present]).toEqual([expect.toSatisfy(isHalfWay), expect.toSatisfy(isHalfWay)]);
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
    expect(rewritten).toBeGreaterThanOrEqual(1_800 - present);
    expect(report).toMatchObject({ runId, status: 'SUCCEEDED', migrated: { products: 600, items: 1_800 } });
    const checked = { before, runId, end: 'SUCCEEDED' } as const;
    expect(await violationsOf(shop, checked)).toEqual([]);
  });

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
  });
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
  });
});
