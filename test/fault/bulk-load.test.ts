import { StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RestoreReport } from '../../functions/restore-from-backup/complete-restore.ts';
import type { Report } from '../../functions/shared/runs/report.ts';
import { readTables, targetContent, violationsOf } from '../support/checker.ts';
import { eventually } from '../support/embedded.ts';
import { type FaultShop, openFaultShop } from '../support/fault-shop.ts';
import { functionName, requestCounts } from '../support/request-points.ts';
import { secretProducts } from '../support/secret-products.ts';

const products = secretProducts(12);
/** Each is 350 write units, and a capped operation writes 1,024 a second. */
const largeProducts = secretProducts(8, 350_000);
/** Eight seconds of work at that pace: an operation is still in the middle when it is stopped. */
const manyLargeProducts = secretProducts(24, 350_000);
const target = 'products-enhanced';
const bulk = { writeEngine: 'bulk' } as const;
const capped = { ...bulk, writeUnitsPerSecond: 1_024 } as const;
const stage = functionName('bulkLoad');

let shop: FaultShop;
/** What a run by batches leaves. */
let expected: readonly string[];
/** Requests of bulkLoad in a run without faults. */
let usual: number;

beforeAll(async () => {
  shop = await openFaultShop({ environment: { FENCE_WAIT_SECONDS: '1', INTENT_WAIT_SECONDS: '1' } });
  await shop.reset(products);
  await shop.migrate();
  expected = await targetContent(shop);
});
beforeEach(() => shop.reset(products));
afterAll(() => shop.stop());

/** Requests of functions. */
function sent(operation: string): number {
  const all = shop.aws.requestLog.entries.filter(({ functionName: name }) => name !== undefined);
  return all.filter((entry) => entry.operation === operation).length;
}

const runIdOf = (arn = ''): string => arn.split(':').at(-1) ?? '';

async function reportOf(runId: string): Promise<Report> {
  return JSON.parse(await shop.objectText(`runs/${runId}/report.json`)) as Report;
}

/** Status by operation, of the operations of a table that the run's reports name. */
async function operations(): Promise<readonly string[]> {
  const { BulkOperationsSummaryList: all } = await shop.dynamo.call<{
    readonly BulkOperationsSummaryList: readonly { readonly BulkOperationStatus: string }[];
  }>('ListBulkOperations', {});
  return all.map(({ BulkOperationStatus }) => BulkOperationStatus);
}

/** Starts a run, and waits until its operation is at work. */
async function beginOperation(input: object): Promise<string> {
  const arn = await shop.begin(input);
  await eventually(async () => ((await operations())[0] === 'IN_PROGRESS' ? true : undefined));
  return arn;
}

describe('a run by bulk put', () => {
  it('leaves what a run by batches leaves, by one operation, and its report says so', async () => {
    const before = await readTables(shop);
    const report = await shop.migrate(bulk);
    expect(await targetContent(shop)).toEqual(expected);
    expect(await violationsOf(shop, { before, runId: report.runId, end: 'SUCCEEDED' })).toEqual([]);
    expect(report.writeEngine).toEqual({ engine: 'bulk', why: 'the input asks for it' });
    const unpriced = { region: 'ap-southeast-2', unpriced: 'bulk put' };
    expect(report.cost).toMatchObject({ estimated: unpriced, actual: unpriced });
    expect(report.migrated).toMatchObject({ products: 12, items: 36, alreadyPresent: 0 });
    expect(report.bulkPuts).toEqual([
      expect.objectContaining({ table: target, attempt: 1, processed: 36, failed: 0, alreadyPresent: 0 }),
    ]);
    expect([sent('StartBulkPutItems'), sent('BatchWriteItem')]).toEqual([1, 0]);
    usual = requestCounts(shop.aws.requestLog.entries).get('bulkLoad') ?? 0;
  });

  it('puts into an existing table only what is not there, and names what it has met', async () => {
    await shop.migrate();
    const first = (await shop.dynamo.scan(target))[0];
    const own = { ...first, migrationRun: { S: 'of the shop' }, note: { S: 'zqx stays' } };
    await shop.dynamo.put(target, own);
    const second = (await shop.dynamo.scan(target))[1] ?? {};
    await shop.dynamo.call('DeleteItem', { TableName: target, Key: { PK: second['PK'], SK: second['SK'] } });

    const report = await shop.migrate(bulk);

    expect(report.migrated).toMatchObject({ items: 36, alreadyPresent: 35 });
    expect(report.bulkPuts?.[0]).toMatchObject({ processed: 36, failed: 0, alreadyPresent: 35 });
    expect(report.verification).toMatchObject({ missing: 0, presentDifferent: 1 });
    expect(report.reliesOn).toHaveLength(1);
    expect(await shop.dynamo.scan(target)).toContainEqual(own);
    expect(await shop.dynamo.scan(target)).toHaveLength(36);
  });

  it('is rolled back where a line fails, which is named by its key', async () => {
    await shop.migrate();
    const all = await shop.dynamo.scan(target);
    for (const { PK, SK } of all.slice(0, 20))
      await shop.dynamo.call('DeleteItem', { TableName: target, Key: { PK, SK } });
    // An index of the shop on an attribute that is a set in every item.
    await shop.dynamo.call('UpdateTable', {
      TableName: target,
      AttributeDefinitions: ['PK', 'SK', 'care'].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S',
      })),
      GlobalSecondaryIndexUpdates: [
        {
          Create: {
            IndexName: 'byCare',
            KeySchema: [{ AttributeName: 'care', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'ALL' },
          },
        },
      ],
    });
    const before = await readTables(shop);
    const { status, error, cause, executionArn } = await shop.run('migrate', bulk);
    expect([status, error]).toEqual(['FAILED', 'ItemRefusedError']);
    expect(cause).toMatch(/PRODUCT#p-\d+ \/ METADATA/);
    const runId = runIdOf(executionArn);
    expect((await reportOf(runId)).bulkPuts?.[0]?.failed).toBeGreaterThan(0);
    expect(await violationsOf(shop, { before, runId, end: 'ROLLED_BACK' })).toEqual([]);
  });

  it('that is stopped in the middle is cancelled and rolled back, and the next one succeeds', async () => {
    await shop.reset(manyLargeProducts);
    const before = await readTables(shop);
    const executionArn = await beginOperation(capped);
    await eventually(async () => ((await shop.dynamo.scan(target)).length > 0 ? true : undefined));
    await shop.sfn.send(new StopExecutionCommand({ executionArn }));
    await shop.settle();
    expect(await operations()).toContain('CANCELLED');
    const runId = runIdOf(executionArn);
    expect(await violationsOf(shop, { before, runId, end: 'ROLLED_BACK' })).toEqual([]);
    // What was written until then is charged for, and the report says so.
    const [bulkPut] = (await reportOf(runId)).bulkPuts ?? [];
    expect(bulkPut?.bulkPutBytes).toBeGreaterThan(350_000);
    expect(Date.parse(bulkPut?.endedAt ?? '')).toBeGreaterThan(Date.parse(bulkPut?.startedAt ?? ''));
    expect((await shop.migrate(bulk)).migrated).toMatchObject({ products: 24 });
  });

  it('that is held goes on with its operation once it is resumed', async () => {
    await shop.reset(largeProducts);
    shop.aws.faults.add({
      functionName: stage,
      operation: 'DescribeBulkOperation',
      nth: 1,
      kind: 'error',
      code: 'AccessDeniedException',
      status: 400,
    });
    const held = await shop.run('migrate', { ...capped, onFailure: 'hold' });
    expect(held.error).toBe('PermissionDeniedError');
    const runId = runIdOf(held.executionArn);
    const report = await shop.migrate({ resume: runId });
    expect(report.bulkPuts?.[0]).toMatchObject({ attempt: 1, processed: 24 });
    expect(report.migrated).toMatchObject({ products: 8, alreadyPresent: 0 });
    expect(sent('StartBulkPutItems')).toBe(1);
  });

  it('whose operation somebody has cancelled starts another one when it is resumed, and writes nothing twice', async () => {
    await shop.reset(manyLargeProducts);
    const arn = await beginOperation({ ...capped, onFailure: 'hold' });
    await eventually(async () => ((await shop.dynamo.scan(target)).length > 0 ? true : undefined));
    const {
      BulkOperationsSummaryList: [newest],
    } = await shop.dynamo.call<{
      readonly BulkOperationsSummaryList: readonly { readonly BulkOperationArn: string }[];
    }>('ListBulkOperations', {});
    await shop.dynamo.call('CancelBulkOperation', { BulkOperationArn: newest?.BulkOperationArn });
    const held = await shop.endOf(arn);
    expect([held.error, held.cause]).toEqual(['BulkLoadError', expect.stringContaining('was cancelled')]);
    const report = await shop.migrate({ resume: runIdOf(arn) });
    expect(report.bulkPuts?.[0]).toMatchObject({ attempt: 2, processed: 72, alreadyPresent: 0 });
    expect(report.verification).toMatchObject({ missing: 0, different: 0, extra: 0 });
  });
});

describe('a restore by bulk put', () => {
  it('fills a new table with the backup as it is, and never an existing one', async () => {
    await shop.migrate();
    shop.aws.requestLog.clear();
    const { status, output, cause } = await shop.run('restore', bulk);
    expect([status, cause]).toEqual(['SUCCEEDED', undefined]);
    const report = JSON.parse(output ?? '') as RestoreReport;
    expect(report.restored).toMatchObject({ mode: 'NEW', written: 12, alreadyPresent: 0 });
    expect(report.writeEngine?.engine).toBe('bulk');
    expect(await shop.dynamo.scan(report.restored.targetTable)).toHaveLength(12);
    expect(sent('BatchWriteItem')).toBe(0);

    const { targetTable } = report.restored;
    const refused = await shop.run('restore', { ...bulk, targetTable });
    expect([refused.error, refused.cause]).toEqual([
      'InvalidInputError',
      expect.stringContaining('its items would be replaced'),
    ]);
  });

  it('that is stopped in the middle is cancelled, and its table is deleted', async () => {
    await shop.reset(manyLargeProducts);
    await shop.migrate();
    const before = await shop.dynamo.tableNames();
    const { executionArn } = await shop.sfn.send(
      new StartExecutionCommand({
        stateMachineArn: shop.aws.stateMachines['restore'],
        input: JSON.stringify(capped),
      }),
    );
    const isNew = (name: string): boolean => !before.includes(name);
    await eventually(async () => {
      const restored = (await shop.dynamo.tableNames()).find(isNew);
      return restored !== undefined && (await shop.dynamo.scan(restored)).length > 0 ? true : undefined;
    });
    await shop.sfn.send(new StopExecutionCommand({ executionArn }));
    await shop.settle();
    expect((await operations())[0]).toBe('CANCELLED');
    expect(await shop.dynamo.tableNames()).toEqual(before);
    const report = await reportOf(runIdOf(executionArn));
    expect(report).toMatchObject({ status: 'ROLLED_BACK', bulkPuts: [{ attempt: 1, failed: 0 }] });
    expect(report.bulkPuts?.[0]?.processed).toBeLessThan(24);
  });
});

describe('bulkLoad', () => {
  it('finds its operation again where the answer to its start is lost', async () => {
    shop.aws.faults.add({ functionName: stage, operation: 'StartBulkPutItems', nth: 1, kind: 'answerLost' });
    const known = (await operations()).length;
    const report = await shop.migrate(bulk);
    expect(report.bulkPuts?.[0]).toMatchObject({ attempt: 1, processed: 36, alreadyPresent: 0 });
    expect(sent('StartBulkPutItems')).toBe(2);
    expect((await operations()).length).toBe(Math.min(10, known + 1));
  });

  it('goes on where DynamoDB throttles its requests', async () => {
    for (const operation of ['StartBulkPutItems', 'DescribeBulkOperation'])
      shop.aws.faults.add({ functionName: stage, operation, times: 5, kind: 'throttle' });
    await shop.migrate(bulk);
    expect(await targetContent(shop)).toEqual(expected);
  });

  it.each(['first', 'middle', 'last'])('may be killed at its %s request', async (which) => {
    const nth = { first: 1, middle: Math.ceil(usual / 2), last: usual }[which] ?? 1;
    const before = await readTables(shop);
    const kill = shop.aws.faults.killAt({ functionName: stage, nth });
    const report = await shop.migrate(bulk);
    expect(kill.matched).toBeGreaterThanOrEqual(nth);
    expect(await targetContent(shop)).toEqual(expected);
    expect(await violationsOf(shop, { before, runId: report.runId, end: 'SUCCEEDED' })).toEqual([]);
  });
});
