import {
  type CreateTableCommandInput,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  ListTablesCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { createRestoredTable } from '../../../functions/restore-from-backup/create-restored-table.ts';
import {
  completeRestore,
  type RestoreReport,
} from '../../../functions/restore-from-backup/complete-restore.ts';
import { defaultTarget, prepareRestore } from '../../../functions/restore-from-backup/plan-restore.ts';
import { proveShard } from '../../../functions/restore-from-backup/prove-shard.ts';
import { restoreAlone } from '../../../functions/restore-from-backup/restore-alone.ts';
import { loadFiles } from '../../../functions/restore-from-backup/restore-files.ts';
import {
  parseRestoreInput,
  type RestoreInput,
} from '../../../functions/restore-from-backup/restore-input.ts';
import { restoreShard } from '../../../functions/restore-from-backup/restore-shard.ts';
import { verifyRestored } from '../../../functions/restore-from-backup/verify-restored.ts';
import { sealBackup } from '../../../functions/shared/runs/seal-backup.ts';
import { readManifest } from '../../../functions/shared/files/backup-catalog.ts';
import { dataFileKey } from '../../../functions/shared/files/layout.ts';
import { readTableDescription } from '../../../functions/shared/aws/table-description.ts';
import { beginRun } from '../../../functions/shared/ledger/begin.ts';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import type { Runtime, Turn } from '../../../functions/shared/runtime.ts';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import { stringAttribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';
import { productOfEveryType } from '../../support/every-type.ts';
import {
  type Bench,
  drive,
  longTurn,
  product,
  products,
  productsTable,
  shortTurn,
  sourceTable,
  startBench,
} from '../../unit/files/backup-bench.ts';
import { orderOf } from '../../../functions/restore-from-backup/payloads.ts';
import { ledgerHand } from '../../unit/complete-run/commit-bench.ts';
import { backUpAndTransform, sealedBench } from '../../unit/files/sealed-bench.ts';

let bench: Bench;
afterEach(() => bench.stop());

const startTime = '2026-03-04T05:06:07.890Z';
const plan = { segments: [0, 1], shards: [0, 1], itemsPerFile: 60 };

/** A bench with one sealed backup, whose run has ended. */
async function backedUp(
  items: readonly WireItem[],
  table: Partial<CreateTableCommandInput> = {},
): Promise<string> {
  const sealed = await sealedBench(items, { plan, table });
  bench = sealed.bench;
  await transition(bench.runtime.ledger, {
    run: sealed.run,
    to: 'SUCCEEDED',
    lock: 'release',
    writer: 'test',
  });
  return sealed.sealed.backupId;
}

async function tableItems(tableName: string): Promise<string[]> {
  const items: string[] = [];
  let exclusiveStartKey: WireItem | undefined;
  do {
    const page = await bench.runtime.items.scanPage({
      tableName,
      segment: 0,
      totalSegments: 1,
      exclusiveStartKey,
    });
    items.push(...page.items.map(canonicalJson));
    exclusiveStartKey = page.lastEvaluatedKey;
  } while (exclusiveStartKey !== undefined);
  return items.toSorted();
}

const tableNames = async (): Promise<string[]> =>
  (await bench.runtime.clients.dynamo.send(new ListTablesCommand({}))).TableNames ?? [];
const describeOf = async (TableName: string) =>
  (await bench.runtime.clients.dynamo.send(new DescribeTableCommand({ TableName }))).Table;
const timeToLiveOf = async (TableName: string) =>
  (await bench.runtime.clients.dynamo.send(new DescribeTimeToLiveCommand({ TableName })))
    .TimeToLiveDescription;

/** Begins a restore as the machine's first states do. */
async function begin(
  input: RestoreInput = {},
  runtime: Runtime = bench.runtime,
  runId = 'restore-1',
): Promise<Run> {
  const { order, plan: restorePlan } = await prepareRestore(runtime, input, startTime);
  const parameters = {
    dryRun: false,
    onFailure: 'rollback',
    maxQuarantined: 0,
    onExisting: 'keep',
    maxConcurrency: 4,
  } as const;
  const facts = {
    runId,
    kind: 'restore',
    startedAt: startTime,
    sourceTable,
    parameters,
    plan: restorePlan,
    settings: { migration: { defaultStockQuantity: 50 } },
  } as const;
  const holder = { executionName: runId, executionArn: `arn:${runId}`, startTime };
  const begun = await beginRun(
    runtime.ledger,
    { ...facts, backupId: order.backupId, details: order },
    holder,
  );
  if (begun.outcome !== 'BEGUN') throw new Error('The table is locked.');
  return begun.run;
}

interface Drive {
  readonly runtime?: Runtime;
  readonly turnOf?: () => Turn;
}

/** The machine's Maps and what lies between them. */
async function carryOut(run: Run, { runtime = bench.runtime, turnOf = longTurn }: Drive = {}): Promise<void> {
  const { runId, executionArn } = run;
  for (const worker of [proveShard, restoreShard, verifyRestored]) {
    if (worker === restoreShard) await createRestoredTable(runtime, { runId, executionArn });
    for (const shard of run.plan.shards)
      await drive((input, turn) => worker(runtime, input, turn), { runId, executionArn, shard }, turnOf);
  }
}

async function finish(run: Run, how: Drive = {}): Promise<RestoreReport> {
  await carryOut(run, how);
  const { runId, executionArn } = run;
  return completeRestore(how.runtime ?? bench.runtime, { runId, executionArn });
}

const restore = async (input: RestoreInput = {}, how: Drive = {}): Promise<RestoreReport> =>
  finish(await begin(input, how.runtime), how);

const everyType = Array.from({ length: 300 }, (_, index) => productOfEveryType(index));

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
    await backedUp(everyType);
    const report = await restore();
    expect(report.restored).toMatchObject({
      targetTable: 'products-restored-20260304T050607Z',
      mode: 'NEW',
      written: 300,
    });
    expect(await tableItems(report.restored.targetTable)).toEqual(everyType.map(canonicalJson).toSorted());
  });
  it('brings keys, indexes, billing and tags back, and says whose the table is', async () => {
    await backedUp(products(10), indexedTable);
    const report = await restore();
    const table = await describeOf(report.restored.targetTable);
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
    await backedUp(products(10));
    const first = await begin();
    await createRestoredTable(bench.runtime, first);
    const { order } = await prepareRestore(bench.runtime, {}, startTime);
    expect(order.targetTable).toBe('products-restored-20260304T050607Z-2');
  });
  it('fills an empty table from an empty backup', async () => {
    await backedUp([]);
    const report = await restore();
    expect(report.restored).toMatchObject({ written: 0 });
    expect(await tableItems(report.restored.targetTable)).toEqual([]);
  });
  it('ends the same when every turn is short', async () => {
    await backedUp(products(700));
    const report = await restore({}, { turnOf: shortTurn });
    expect(report.restored.written).toBe(700);
    expect(await tableItems(report.restored.targetTable)).toEqual(
      products(700).map(canonicalJson).toSorted(),
    );
  });
  it('ends the same after a worker was killed half-way', async () => {
    await backedUp(products(700));
    const run = await begin();
    let batches = 0;
    const batchPut: Runtime['items']['batchPut'] = async (tableName, items) => {
      batches += 1;
      const isLast = batches === 5;
      const outcome = await bench.runtime.items.batchPut(tableName, items);
      if (isLast) throw new Error('killed');
      return outcome;
    };
    await expect(finish(run, { runtime: bench.withItems({ batchPut }) })).rejects.toThrow('killed');
    const report = await finish(run);
    expect(await tableItems(report.restored.targetTable)).toEqual(
      products(700).map(canonicalJson).toSorted(),
    );
    expect(report.restored.written).toBe(700);
  });
  it('loses nothing when DynamoDB leaves items unprocessed and throttles', async () => {
    await backedUp(products(200));
    let calls = 0;
    const batchPut: Runtime['items']['batchPut'] = async (tableName, items) => {
      calls += 1;
      if (calls % 5 === 0) throw Object.assign(new Error('slower'), { name: 'ThrottlingException' });
      if (calls % 3 > 0) return bench.runtime.items.batchPut(tableName, items);
      const kept = Math.ceil(items.length / 2);
      const { writeUnits } = await bench.runtime.items.batchPut(tableName, items.slice(0, kept));
      return { unprocessed: items.slice(kept), writeUnits };
    };
    const report = await restore({}, { runtime: bench.withItems({ batchPut }) });
    expect(await tableItems(report.restored.targetTable)).toEqual(
      products(200).map(canonicalJson).toSorted(),
    );
    expect(report.throttles).toBeGreaterThan(0);
  });
  it('names the one item that DynamoDB refuses', async () => {
    await backedUp(products(60));
    const batchPut: Runtime['items']['batchPut'] = async (tableName, items) => {
      if (items.some((item) => item.includes('"p-17"')))
        throw Object.assign(new Error('Type mismatch for Index Key brand'), { name: 'ValidationException' });
      return bench.runtime.items.batchPut(tableName, items);
    };
    const failed = restore({}, { runtime: bench.withItems({ batchPut }) });
    await expect(failed).rejects.toMatchObject({
      name: 'ItemRefusedError',
      message: expect.stringContaining('refuses item p-17:'),
    });
  });
  it('is not a success when the table holds anything else', async () => {
    await backedUp(products(50));
    const run = await begin();
    const batchPut: Runtime['items']['batchPut'] = async (tableName, items) => {
      await bench.fill(tableName, [product(9_999)]);
      return bench.runtime.items.batchPut(tableName, items);
    };
    await expect(finish(run, { runtime: bench.withItems({ batchPut }) })).rejects.toMatchObject({
      name: 'VerificationFailedError',
      message: expect.stringContaining('the table holds 51, not 50'),
    });
  });
  it('returns the same report when its last answer was lost', async () => {
    await backedUp(products(20));
    const run = await begin();
    const report = await finish(run);
    expect(
      await completeRestore(bench.runtime, { runId: run.runId, executionArn: run.executionArn }),
    ).toMatchObject({
      status: 'SUCCEEDED',
      restored: report.restored,
    });
  });
});

describe('time to live', () => {
  const expiring = (expiresAt: number): WireItem[] => [
    product(1, { expiresAt: { N: String(expiresAt) } }),
    product(2),
  ];
  const nowSeconds = Math.floor(Date.parse(startTime) / 1000);

  async function backedUpWithTimeToLive(items: readonly WireItem[]): Promise<void> {
    bench = await startBench();
    await bench.createTable(productsTable);
    const TimeToLiveSpecification = { AttributeName: 'expiresAt', Enabled: true };
    await bench.runtime.clients.dynamo.send(
      new UpdateTimeToLiveCommand({ TableName: sourceTable, TimeToLiveSpecification }),
    );
    await bench.fill(sourceTable, items);
    const run = await bench.begin('run-1', plan);
    await backUpAndTransform(bench, run);
    await sealBackup(bench.runtime, run);
    await transition(bench.runtime.ledger, { run, to: 'SUCCEEDED', lock: 'release', writer: 'test' });
  }

  it('comes back when nothing has expired', async () => {
    await backedUpWithTimeToLive(expiring(nowSeconds + 3_600));
    const report = await restore();
    expect(await timeToLiveOf(report.restored.targetTable)).toMatchObject({
      AttributeName: 'expiresAt',
      TimeToLiveStatus: 'ENABLED',
    });
  });
  it('stays off, with a warning, when it would delete restored items', async () => {
    await backedUpWithTimeToLive(expiring(nowSeconds - 3_600));
    const report = await restore();
    expect(report.restored.expired).toBe(1);
    expect(report.warnings?.join()).toContain('1 restored items have expired');
    expect(await timeToLiveOf(report.restored.targetTable)).toMatchObject({ TimeToLiveStatus: 'DISABLED' });
  });
});

describe('a restore into a table that exists', () => {
  const targetTable = 'products-restored-by-hand';

  it('writes only what is missing, and keeps what was changed since', async () => {
    await backedUp(products(100));
    await bench.createTable({ ...productsTable, TableName: targetTable });
    const changed = product(3, { stock: { N: '1' } });
    await bench.fill(targetTable, [changed, product(4), product(5_000)]);
    const report = await restore({ targetTable });
    expect(report.restored).toMatchObject({
      mode: 'EXISTING',
      written: 98,
      alreadyPresent: 1,
      keptDifferent: 1,
    });
    const expected = [...products(100).filter((_, index) => index !== 3), changed, product(5_000)];
    expect(await tableItems(targetTable)).toEqual(expected.map(canonicalJson).toSorted());
    expect(report.tables).toEqual([{ name: targetTable, outcome: 'EXISTED' }]);
    expect(report.verification).toMatchObject({ expected: 100, found: 100, missing: 0 });
  });
  it('creates it again after a roll back of the dead run that had created it', async () => {
    await backedUp(products(20));
    await bench.createTable({ ...productsTable, TableName: targetTable });
    const run = await begin({ targetTable });
    await bench.runtime.clients.dynamo.send(new DeleteTableCommand({ TableName: targetTable }));
    const { restored } = await finish(run);
    expect(restored).toMatchObject({ mode: 'NEW', written: 20 });
  });
  it('changes nothing the second time', async () => {
    await backedUp(products(50));
    await bench.createTable({ ...productsTable, TableName: targetTable });
    await restore({ targetTable }, { turnOf: shortTurn });
    const run = await begin({ targetTable }, bench.runtime, 'restore-2');
    expect((await finish(run)).restored).toMatchObject({ written: 0, alreadyPresent: 50 });
  });
  it('is refused when its key is another one', async () => {
    await backedUp(products(5));
    const KeySchema = [{ AttributeName: 'sku', KeyType: 'HASH' }] as const;
    await bench.createTable({
      ...productsTable,
      TableName: targetTable,
      KeySchema: [...KeySchema],
      AttributeDefinitions: [{ AttributeName: 'sku', AttributeType: 'S' }],
    });
    await expect(begin({ targetTable })).rejects.toMatchObject({
      name: 'TableSchemaMismatchError',
      message: expect.stringContaining('sku (S)'),
    });
  });
  it('is never the source, unless the deployment and the operator both say so', async () => {
    await backedUp(products(30));
    const allowed: Runtime = {
      ...bench.runtime,
      config: { ...bench.runtime.config, restoreIntoSource: true },
    };
    const name = 'RestoreTargetError';
    await expect(begin({ targetTable: sourceTable, confirm: sourceTable })).rejects.toMatchObject({ name });
    await expect(begin({ targetTable: sourceTable }, allowed)).rejects.toMatchObject({ name });
    await expect(begin({ targetTable: 'ledger' }, allowed)).rejects.toMatchObject({ name });
    const run = await begin({ targetTable: sourceTable, confirm: sourceTable }, allowed);
    expect((await finish(run, { runtime: allowed })).restored).toMatchObject({
      mode: 'EXISTING',
      written: 0,
      alreadyPresent: 30,
    });
  });
});

describe('a damaged backup', () => {
  it('is refused for its manifests before a run begins', async () => {
    const backupId = await backedUp(products(100));
    bench.objects.bodies.delete(dataFileKey(backupId, { segment: 0, sequence: 0 }));
    await expect(begin()).rejects.toMatchObject({ name: 'BackupDamagedError' });
  });
  it('is refused for one flipped byte before a table is created', async () => {
    const backupId = await backedUp(products(100));
    const key = dataFileKey(backupId, { segment: 0, sequence: 0 });
    const body = bench.objects.bodies.get(key) ?? Buffer.from('');
    bench.objects.bodies.set(key, Buffer.from(body.map((byte, at) => (at === 50 ? byte ^ 1 : byte))));
    await expect(restore()).rejects.toMatchObject({
      name: 'BackupDamagedError',
      message: expect.stringContaining(key),
    });
    expect(await tableNames()).toEqual(['ledger', 'products']);
  });
  it('or none at all is told as such', async () => {
    await backedUp(products(1));
    await expect(begin({ backupId: '00000000000001-00000000' })).rejects.toMatchObject({
      name: 'BackupNotFoundError',
    });
  });
});

describe('the plan of a restore', () => {
  it('has no more workers than the cap carries, or than there are files', async () => {
    await backedUp(products(600));
    const { plan: capped } = await prepareRestore(bench.runtime, { writeUnitsPerSecond: 60 }, startTime);
    expect(capped).toMatchObject({ workers: 2, shards: [0, 1], writeUnitsPerSecond: 60 });
    const { plan: free } = await prepareRestore(bench.runtime, { maxConcurrency: 500 }, startTime);
    expect(free.workers).toBeLessThanOrEqual(12);
  });
  it('is refused when an INLINE history would not hold it', async () => {
    await backedUp(products(600));
    const slow = prepareRestore(bench.runtime, { writeUnitsPerSecond: 0.0001 }, startTime);
    await expect(slow).rejects.toMatchObject({ name: 'RunTooLongForInlineError' });
  });
  it('gives every file to exactly one shard, spread over the segments', async () => {
    const backupId = await backedUp(products(900));
    const { files } = await readManifest(bench.objects, backupId);
    const shards = [0, 1, 2].map((shard) => loadFiles(files, { shard, shardCount: 3 }));
    const keys = shards.flat().flatMap(({ parts }) => parts.map(({ key }) => key));
    expect(keys.toSorted()).toEqual(files.map(({ key }) => key).toSorted());
    const [group] = loadFiles(files, { shard: 0, shardCount: 1 });
    const together = new Set(group?.parts.map(({ key }) => key));
    const segments = files.filter(({ key }) => together.has(key)).map(({ segment }) => segment);
    expect(new Set(segments).size).toBe(2);
  });
});

describe('the input of a restore', () => {
  it.each([
    ['abc', 'must be a JSON object'],
    [[], 'must be a JSON object'],
    [{ backup: '1' }, 'unknown field "backup"'],
    [{ backupId: 'newest' }, '"backupId"'],
    [{ targetTable: 'a b' }, '"targetTable"'],
    [{ writeUnitsPerSecond: 0 }, '"writeUnitsPerSecond"'],
  ])('%j is refused, naming what is wrong', (typed, sentence) => {
    expect(() => parseRestoreInput(typed)).toThrow(
      expect.objectContaining({ name: 'InvalidInputError', message: expect.stringContaining(sentence) }),
    );
  });
  it('may be empty, and what the console fills in is ignored', () => {
    expect(parseRestoreInput({ Comment: 'Insert your JSON here' })).toEqual({
      Comment: 'Insert your JSON here',
    });
    expect(defaultTarget('products', startTime)).toBe('products-restored-20260304T050607Z');
  });
});

describe('restoreFromBackup called alone', () => {
  it('restores the newest backup whole', async () => {
    await backedUp(products(200));
    const outcome = await restoreAlone(bench.runtime, longTurn());
    expect(outcome).toMatchObject({
      done: true,
      result: { mode: 'NEW', written: 200, warnings: [expect.stringContaining('A backup does not say')] },
    });
    expect(await tableItems(String(outcome.result['targetTable']))).toEqual(
      products(200).map(canonicalJson).toSorted(),
    );
  });
  it('goes on with the same table when it is invoked again', async () => {
    await backedUp(products(400));
    const first = await restoreAlone(bench.runtime, shortTurn());
    expect(first.done).toBe(false);
    let outcome = first;
    while (!outcome.done) outcome = await restoreAlone(bench.runtime, shortTurn());
    expect(outcome.runId).toBe(first.runId);
    expect((await tableNames()).filter((name) => name.includes('restored'))).toHaveLength(1);
    expect(outcome.result).toMatchObject({ written: 400 });
  });
  it('is not complete where items were deleted between two calls, whatever the first has verified', async () => {
    await backedUp(products(200));
    const restoredItems = async (): Promise<readonly [string, readonly WireItem[]]> => {
      const tableName = (await tableNames()).find((name) => name.includes('restored'));
      if (tableName === undefined) return ['', []];
      const request = { tableName, segment: 0, totalSegments: 1 };
      return [tableName, (await bench.runtime.items.scanPage(request)).items];
    };
    // Few items a page, so that verifying takes more calls than writing.
    const slow = bench.withItems({
      scanPage: (request) => bench.runtime.items.scanPage({ ...request, limit: 3 }),
    });
    let [restored, items] = await restoredItems();
    while (items.length < 200) {
      expect(await restoreAlone(slow, shortTurn())).toMatchObject({ done: false });
      [restored, items] = await restoredItems();
    }
    for (const { id } of items.slice(0, 30))
      await bench.runtime.clients.dynamo.send(
        new DeleteItemCommand({
          TableName: restored,
          Key: { id: { S: stringAttribute({ id: id ?? { S: '' } }, 'id') ?? '' } },
        }),
      );
    await expect(restoreAlone(bench.runtime, longTurn())).rejects.toMatchObject({
      name: 'VerificationFailedError',
      message: expect.stringContaining('the table holds 170, not 200'),
    });
  });
  it('says which machine proves a table that is too large for one call', async () => {
    await backedUp(products(200));
    const slow = bench.withItems({
      scanPage: (request) => bench.runtime.items.scanPage({ ...request, limit: 3 }),
    });
    const untilRefused = async (): Promise<never> => {
      for (;;) await restoreAlone(slow, shortTurn());
    };
    await expect(untilRefused()).rejects.toThrow(/Prove it with the state machine restore.*"backupId"/);
  });
});

describe('a restore is not complete', () => {
  const hand = () => ledgerHand(bench);
  async function restored(input: RestoreInput = {}): Promise<Run> {
    const run = await begin(input);
    await carryOut(run);
    return run;
  }
  it.each(['ProveBackup', 'RestoreProducts', 'VerifyRestore'])(
    'when a shard of %s is missing',
    async (state) => {
      await backedUp(products(200));
      const run = await restored();
      const [first] = await hand().items(`SHARD#${state}#`);
      if (first !== undefined) await hand().remove(first);
      await expect(
        completeRestore(bench.runtime, { runId: run.runId, executionArn: run.executionArn }),
      ).rejects.toThrow(`shards of ${state} are not there and done`);
    },
  );
  it('when its table has been deleted since it was verified', async () => {
    await backedUp(products(200));
    const run = await restored();
    const { targetTable } = orderOf(run);
    await bench.runtime.clients.dynamo.send(new DeleteTableCommand({ TableName: targetTable }));
    await expect(
      completeRestore(bench.runtime, { runId: run.runId, executionArn: run.executionArn }),
    ).rejects.toThrow(`table ${targetTable} is gone`);
  });
  it('when a counter of the ledger says something else', async () => {
    await backedUp(products(200));
    const run = await restored();
    const [first] = await hand().items('SHARD#RestoreProducts#');
    if (first !== undefined) await hand().set(first, ['counters', 'written'], 1);
    await expect(
      completeRestore(bench.runtime, { runId: run.runId, executionArn: run.executionArn }),
    ).rejects.toThrow(/items sent: \d+, not 200/);
  });
});
