import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { bulkLoad } from '../../../functions/bulk-load/bulk-load.ts';
import { backupSegment } from '../../../functions/backup-products/backup-segment.ts';
import { completeRun } from '../../../functions/complete-run/complete-run.ts';
import { migrateShard } from '../../../functions/migrate-products/migrate-shard.ts';
import { transformShard } from '../../../functions/shared/copy/transform/transform-shard.ts';
import { sealBackup } from '../../../functions/shared/runs/seal-backup.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import type { RunStepInput } from '../../../functions/shared/state.ts';
import type { LedgerKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { isBulk, type Run } from '../../../functions/shared/ledger/run.ts';
import type { Report } from '../../../functions/shared/runs/report.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { ensureTable } from '../../../functions/shared/tables/ensure-table.ts';
import { catalogueTable } from '../../support/shop.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { compareShard } from '../../../functions/verify-migration/compare-shard.ts';
import { judgeDigests } from '../../../functions/verify-migration/judge-digests.ts';
import { scanSegment } from '../../../functions/verify-migration/scan-segment.ts';
import {
  type Bench,
  drive,
  longTurn,
  productsTable,
  sourceTable,
  startBench,
} from '../files/backup-bench.ts';

/** States that change or judge something, in the order of the machine. */
export const stages = [
  'BackupProducts',
  'TransformProducts',
  'SealBackup',
  'CreateTables',
  'MigrateProducts',
  'VerifyMigration',
  'JudgeDigests',
  'CompareByKey',
  'CompleteRun',
] as const;
export type Stage = (typeof stages)[number];

/** An item of the ledger as it lies there. */
export type LedgerItem = LedgerKey & Readonly<Record<string, unknown>>;

const plan = { segments: [0, 1], shards: [0, 1], workers: 2, itemsPerFile: 10 };

/** A shop with these products and a run that has begun. */
export async function commitBench(
  products: readonly WireItem[],
  { existing, run = {} }: { readonly existing?: readonly WireItem[]; readonly run?: Partial<Run> } = {},
): Promise<{ readonly bench: Bench; readonly run: Run }> {
  const bench = await startBench();
  await bench.createTable(productsTable);
  await bench.fill(sourceTable, products);
  if (existing !== undefined) {
    await bench.createTable(createTableInput(catalogueTable, { name: catalogueTable.name, tags: {} }));
    await bench.fill(catalogueTable.name, existing);
  }
  return { bench, run: await bench.begin('run-1', plan, run) };
}

/** Takes a run through its states as the machine does; `before` may do anything before each. */
export async function driveRun(
  { runtime }: Bench,
  run: Run,
  before: (stage: Stage) => Promise<void> = async () => undefined,
): Promise<Report> {
  const { runId, executionArn, parameters } = run;
  const { segments, shards } = run.plan;
  const map = async (worker: typeof migrateShard, indexes: readonly number[]): Promise<void> => {
    for (const shard of indexes)
      await drive((input, turn) => worker(runtime, input, turn), { runId, executionArn, shard });
  };
  const bulk = async (): Promise<void> => {
    while (!(await bulkLoad(runtime, { runId, executionArn }, longTurn())).done) await sleep(5);
  };
  let byKey = false;
  const steps: Readonly<Record<Stage, () => Promise<unknown>>> = {
    BackupProducts: () => map(backupSegment, segments),
    TransformProducts: () => map(transformShard, shards),
    SealBackup: () => sealBackup(runtime, { runId, executionArn }),
    CreateTables: () =>
      Promise.all(
        runtime.migration.targets.map((spec) => ensureTable(runtime, { spec, runId, executionArn })),
      ),
    MigrateProducts: () => (isBulk(run) ? bulk() : map(migrateShard, shards)),
    VerifyMigration: () => map(scanSegment, segments),
    JudgeDigests: async () => {
      ({ byKey } = await judgeDigests(runtime, { runId, executionArn }));
    },
    CompareByKey: async () => (byKey ? map(compareShard, shards) : undefined),
    CompleteRun: async () => undefined,
  };
  const tableStages: ReadonlySet<Stage> = new Set(stages.slice(stages.indexOf('CreateTables'), -1));
  for (const stage of stages) {
    if (parameters.dryRun && tableStages.has(stage)) continue;
    await before(stage);
    await steps[stage]();
  }
  return completeRun(runtime, { runId, executionArn });
}

/** A hand in the ledger, past every check. */
export function ledgerHand({ runtime }: Bench) {
  const { tableName: TableName } = runtime.ledger;
  const client: DynamoDBDocumentClient = runtime.ledger.client;
  const items = async (prefix: string): Promise<readonly LedgerItem[]> => {
    const { Items = [] } = await client.send(new ScanCommand({ TableName, ConsistentRead: true }));
    return (Items as LedgerItem[])
      .filter(({ SK }) => SK.startsWith(prefix))
      .toSorted((one, other) => (one.SK < other.SK ? -1 : 1));
  };
  return {
    items,
    async remove({ PK, SK }: LedgerKey): Promise<void> {
      await client.send(new DeleteCommand({ TableName, Key: { PK, SK } }));
    },
    /** Sets one attribute, or one entry of a map (`counters`, `items`). */
    async set({ PK, SK }: LedgerKey, path: readonly string[], value: unknown): Promise<void> {
      const names = Object.fromEntries(path.map((name, index) => [`#${index}`, name]));
      await client.send(
        new UpdateCommand({
          TableName,
          Key: { PK, SK },
          UpdateExpression: `SET ${Object.keys(names).join('.')} = :value`,
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: { ':value': value },
        }),
      );
    },
  };
}

/** Calls the last step of the run, which waits for late requests. Meanwhile something happens. */
export async function whileItWaits<T>(
  bench: Bench,
  { runId, executionArn }: Run,
  last: (runtime: Runtime, input: RunStepInput) => Promise<T>,
  deed: () => Promise<unknown>,
): Promise<T> {
  const key = { PK: `RUN#${runId}`, SK: 'RUN' };
  const lateUntil = (millis: number) => ledgerHand(bench).set(key, ['lateUntil'], millis);
  await lateUntil(Date.now() + 5_000);
  const sleep = async (): Promise<void> => {
    await lateUntil(0);
    await deed();
  };
  const { runtime } = bench;
  const config = { ...runtime.config, fenceWaitSeconds: 30 };
  return last({ ...runtime, config, sleep }, { runId, executionArn });
}

/** Deletes a table as somebody with a console would. */
export async function deleteTable({ runtime }: Bench, TableName: string): Promise<void> {
  await runtime.clients.dynamo.send(new DeleteTableCommand({ TableName }));
}
