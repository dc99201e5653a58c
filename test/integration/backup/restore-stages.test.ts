import {
  type CreateTableCommandInput,
  DeleteTableCommand,
  DescribeTableCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { completeRestore } from '../../../functions/restore-from-backup/complete-restore.ts';
import { createRestoredTable } from '../../../functions/restore-from-backup/create-restored-table.ts';
import { readRecords } from '../../../functions/shared/ledger/run-records.ts';
import { buildReport } from '../../../functions/shared/runs/build-report.ts';
import { orderOf } from '../../../functions/shared/runs/restore-order.ts';
import { prepareRestore } from '../../../functions/restore-from-backup/plan-restore.ts';
import type { RestoreInput } from '../../../functions/restore-from-backup/restore-input.ts';
import { readTableDescription } from '../../../functions/shared/aws/table-description.ts';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import { productOfEveryType } from '../../support/every-type.ts';
import { ledgerHand, whileItWaits } from '../../unit/complete-run/commit-bench.ts';
import { type Bench, product, products, shortTurn } from '../../unit/files/backup-bench.ts';
import { backedUp, begin, carryOut, finish, restore, startTime, tableItems } from './restore-bench.ts';

let bench: Bench;
afterEach(() => bench.stop());

const everyType = Array.from({ length: 300 }, (_, index) => productOfEveryType(index));

const describeOf = async (bench: Bench, TableName: string) =>
  (await bench.runtime.clients.dynamo.send(new DescribeTableCommand({ TableName }))).Table;

const indexedTable: Partial<CreateTableCommandInput> = {
  AttributeDefinitions: ['id', 'brand'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
  GlobalSecondaryIndexes: [
    {
      IndexName: 'BrandIndex',
      KeySchema: [{ AttributeName: 'brand', KeyType: 'HASH' }],
      Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['name'] },
      ProvisionedThroughput: { ReadCapacityUnits: 3, WriteCapacityUnits: 4 },
    },
  ],
  BillingMode: 'PROVISIONED',
  ProvisionedThroughput: { ReadCapacityUnits: 500, WriteCapacityUnits: 6 },
  Tags: [
    { Key: 'team', Value: 'shop' },
    { Key: 'migration:run', Value: 'somebody' },
  ],
};

describe('a restore into a new table', () => {
  it('brings every item back, value for value', async () => {
    ({ bench } = await backedUp(everyType));
    const report = await restore(bench);
    expect(report.restored).toMatchObject({
      targetTable: 'products-restored-20260304T050607Z',
      mode: 'NEW',
      written: 300,
    });
    expect(await tableItems(bench, report.restored.targetTable)).toEqual(
      everyType.map(canonicalJson).toSorted(),
    );
  });

  it('tells what it has restored also where another call writes the report', async () => {
    ({ bench } = await backedUp(products(3)));
    const run = await begin(bench);
    const { restored, summary } = await finish(bench, run);
    const { run: committed, ...ledger } = await readRecords(bench.runtime.ledger, run.runId);
    const end = { status: 'SUCCEEDED', failure: null, finishedAt: 0, found: new Map() } as const;
    expect(buildReport(bench.runtime, committed, ledger, end)).toMatchObject({ restored, summary });
    expect(restored).toMatchObject({ mode: 'NEW', written: 3 });
  });

  it('brings keys, indexes, billing and tags back, and says whose the table is', async () => {
    ({ bench } = await backedUp(products(10), indexedTable));
    const report = await restore(bench);
    const table = await describeOf(bench, report.restored.targetTable);
    expect(table?.KeySchema).toEqual([{ AttributeName: 'id', KeyType: 'HASH' }]);
    expect(table?.GlobalSecondaryIndexes?.[0]).toMatchObject({
      IndexName: 'BrandIndex',
      Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['name'] },
    });
    expect(table?.ProvisionedThroughput).toMatchObject({ ReadCapacityUnits: 500, WriteCapacityUnits: 6 });
    expect(report.warnings).toEqual([
      expect.stringContaining('A backup does not say whether products had auto scaling'),
      expect.stringContaining('the restore sets its own values for them: migration:run.'),
    ]);
    const { dynamo } = bench.runtime.clients;
    const { tags } = await readTableDescription({ dynamo, clock: Date }, report.restored.targetTable);
    expect(Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]))).toEqual({
      team: 'shop',
      'migration:run': 'restore-1',
      'migration:service': 'products-migration',
      'migration:stage': 'test',
    });
  });
  it('does not share a table with another start of the same second', async () => {
    ({ bench } = await backedUp(products(10)));
    const first = await begin(bench);
    await createRestoredTable(bench.runtime, first);
    const { order } = await prepareRestore(bench.runtime, {}, startTime);
    expect(order.targetTable).toBe('products-restored-20260304T050607Z-2');
  });
  it('fills an empty table from an empty backup', async () => {
    ({ bench } = await backedUp([]));
    const report = await restore(bench);
    expect(report.restored).toMatchObject({ written: 0 });
    expect(await tableItems(bench, report.restored.targetTable)).toEqual([]);
  });
  it('ends the same when every turn is short', async () => {
    ({ bench } = await backedUp(products(700)));
    const report = await restore(bench, {}, { turnOf: shortTurn });
    expect(report.restored.written).toBe(700);
    expect(await tableItems(bench, report.restored.targetTable)).toEqual(
      products(700).map(canonicalJson).toSorted(),
    );
  });
  it('ends the same after a worker was killed half-way', async () => {
    ({ bench } = await backedUp(products(700)));
    const run = await begin(bench);
    let batches = 0;
    const batchPut: Runtime['items']['batchPut'] = async (tableName, items) => {
      batches += 1;
      const isLast = batches === 5;
      const outcome = await bench.runtime.items.batchPut(tableName, items);
      if (isLast) throw new Error('killed');
      return outcome;
    };
    await expect(finish(bench, run, { runtime: bench.withItems({ batchPut }) })).rejects.toThrow('killed');
    const report = await finish(bench, run);
    expect(await tableItems(bench, report.restored.targetTable)).toEqual(
      products(700).map(canonicalJson).toSorted(),
    );
    expect(report.restored.written).toBe(700);
  });
  it('loses nothing when DynamoDB leaves items unprocessed and throttles', async () => {
    ({ bench } = await backedUp(products(200)));
    let calls = 0;
    const batchPut: Runtime['items']['batchPut'] = async (tableName, items) => {
      calls += 1;
      if (calls % 5 === 0) throw Object.assign(new Error('slower'), { name: 'ThrottlingException' });
      if (calls % 3 > 0) return bench.runtime.items.batchPut(tableName, items);
      const kept = Math.ceil(items.length / 2);
      const { writeUnits } = await bench.runtime.items.batchPut(tableName, items.slice(0, kept));
      return { unprocessed: items.slice(kept), writeUnits };
    };
    const report = await restore(bench, {}, { runtime: bench.withItems({ batchPut }) });
    expect(await tableItems(bench, report.restored.targetTable)).toEqual(
      products(200).map(canonicalJson).toSorted(),
    );
    expect(report.throttles).toBeGreaterThan(0);
  });
  it('names the one item that DynamoDB refuses', async () => {
    ({ bench } = await backedUp(products(60)));
    const batchPut: Runtime['items']['batchPut'] = async (tableName, items) => {
      if (items.some((item) => item.includes('"p-17"')))
        throw Object.assign(new Error('Type mismatch for Index Key brand'), { name: 'ValidationException' });
      return bench.runtime.items.batchPut(tableName, items);
    };
    const failed = restore(bench, {}, { runtime: bench.withItems({ batchPut }) });
    await expect(failed).rejects.toMatchObject({
      name: 'ItemRefusedError',
      message: expect.stringContaining('refuses item p-17:'),
    });
  });
  it('is not a success when the table holds anything else', async () => {
    ({ bench } = await backedUp(products(50)));
    const run = await begin(bench);
    const batchPut: Runtime['items']['batchPut'] = async (tableName, items) => {
      await bench.fill(tableName, [product(9_999)]);
      return bench.runtime.items.batchPut(tableName, items);
    };
    await expect(finish(bench, run, { runtime: bench.withItems({ batchPut }) })).rejects.toMatchObject({
      name: 'VerificationFailedError',
      message: expect.stringContaining('the table holds 51, not 50'),
    });
  });
  it('returns the same report when its last answer was lost', async () => {
    ({ bench } = await backedUp(products(20)));
    const run = await begin(bench);
    const report = await finish(bench, run);
    expect(
      await completeRestore(bench.runtime, { runId: run.runId, executionArn: run.executionArn }),
    ).toMatchObject({
      status: 'SUCCEEDED',
      restored: report.restored,
    });
  });
});

describe('a second call of the last step of a restore that waits for late requests', () => {
  it('returns what the first one has committed meanwhile', async () => {
    ({ bench } = await backedUp(products(20)));
    const run = await begin(bench);
    await carryOut(bench, run);
    const others: unknown[] = [];
    const own = await whileItWaits(bench, run, completeRestore, async () => {
      others.push(await completeRestore(bench.runtime, run));
    });
    expect(others).toEqual([own]);
  });
});

describe('a restore is not complete', () => {
  const hand = () => ledgerHand(bench);
  async function restored(input: RestoreInput = {}): Promise<Run> {
    const run = await begin(bench, input);
    await carryOut(bench, run);
    return run;
  }
  it.each(['ProveBackup', 'RestoreProducts', 'VerifyRestore'])(
    'when a shard of %s is missing',
    async (state) => {
      ({ bench } = await backedUp(products(200)));
      const run = await restored();
      const [first] = await hand().items(`SHARD#${state}#`);
      if (first !== undefined) await hand().remove(first);
      await expect(
        completeRestore(bench.runtime, { runId: run.runId, executionArn: run.executionArn }),
      ).rejects.toThrow(`shards of ${state} are not there and done`);
    },
  );
  it('when its table has been deleted since it was verified', async () => {
    ({ bench } = await backedUp(products(200)));
    const run = await restored();
    const { targetTable } = orderOf(run);
    await bench.runtime.clients.dynamo.send(new DeleteTableCommand({ TableName: targetTable }));
    await expect(
      completeRestore(bench.runtime, { runId: run.runId, executionArn: run.executionArn }),
    ).rejects.toThrow(`table ${targetTable} is gone`);
  });
  it('when a counter of the ledger says something else', async () => {
    ({ bench } = await backedUp(products(200)));
    const run = await restored();
    const [first] = await hand().items('SHARD#RestoreProducts#');
    if (first !== undefined) await hand().set(first, ['counters', 'written'], 1);
    await expect(
      completeRestore(bench.runtime, { runId: run.runId, executionArn: run.executionArn }),
    ).rejects.toThrow(/items sent: \d+, not 200/);
  });
});
