import { type CreateTableCommandInput, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import {
  completeRestore,
  type RestoreReport,
} from '../../../functions/restore-from-backup/complete-restore.ts';
import { createRestoredTable } from '../../../functions/restore-from-backup/create-restored-table.ts';
import { prepareRestore } from '../../../functions/restore-from-backup/plan-restore.ts';
import { proveShard } from '../../../functions/restore-from-backup/prove-shard.ts';
import type { RestoreInput } from '../../../functions/restore-from-backup/restore-input.ts';
import { restoreShard } from '../../../functions/restore-from-backup/restore-shard.ts';
import { verifyRestored } from '../../../functions/restore-from-backup/verify-restored.ts';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { beginRun } from '../../../functions/shared/ledger/begin.ts';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import type { Runtime, Turn } from '../../../functions/shared/runtime.ts';
import { type Bench, drive, longTurn, noteClosed, sourceTable } from '../../unit/files/backup-bench.ts';
import { sealedBench } from '../../unit/files/sealed-bench.ts';

/** When every restore of these tests starts. */
export const startTime = '2026-03-04T05:06:07.890Z';
export const backupPlan = { segments: [0, 1], shards: [0, 1], itemsPerFile: 60 };

/** A bench with one sealed backup, whose run has ended. */
export async function backedUp(
  items: readonly WireItem[],
  table: Partial<CreateTableCommandInput> = {},
): Promise<{ readonly bench: Bench; readonly backupId: string }> {
  const { bench, run, sealed } = await sealedBench(items, { plan: backupPlan, table });
  await transition(bench.runtime.ledger, {
    run,
    to: 'SUCCEEDED',
    lock: 'release',
    writer: 'test',
  });
  return { bench, backupId: sealed.backupId };
}

/** The table's items in canonical JSON, sorted. */
export async function tableItems(bench: Bench, tableName: string): Promise<string[]> {
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

export const tableNames = async (bench: Bench): Promise<string[]> =>
  (await bench.runtime.clients.dynamo.send(new ListTablesCommand({}))).TableNames ?? [];

/** Begins a restore as the machine's first states do. */
export async function begin(
  bench: Bench,
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

/** How the workers of a restore run. */
export interface Drive {
  readonly runtime?: Runtime;
  readonly turnOf?: () => Turn;
}

/** The machine's Maps and what lies between them. */
export async function carryOut(
  bench: Bench,
  run: Run,
  { runtime = bench.runtime, turnOf = longTurn }: Drive = {},
): Promise<void> {
  const { runId, executionArn } = run;
  for (const worker of [proveShard, restoreShard, verifyRestored]) {
    if (worker === restoreShard) {
      await createRestoredTable(runtime, { runId, executionArn });
      await noteClosed(bench, runId);
    }
    for (const shard of run.plan.shards)
      await drive((input, turn) => worker(runtime, input, turn), { runId, executionArn, shard }, turnOf);
  }
}

/** Carries the restore out and commits it. */
export async function finish(bench: Bench, run: Run, how: Drive = {}): Promise<RestoreReport> {
  await carryOut(bench, run, how);
  const { runId, executionArn } = run;
  return completeRestore(how.runtime ?? bench.runtime, { runId, executionArn });
}

/** A whole restore. */
export const restore = async (
  bench: Bench,
  input: RestoreInput = {},
  how: Drive = {},
): Promise<RestoreReport> => finish(bench, await begin(bench, input, how.runtime), how);
