import { takeAllTurns, type Worker } from '../shared/all-shards.ts';
import { readManifest } from '../shared/backup/backup-catalog.ts';
import { readRunLedger } from '../shared/build-report.ts';
import type { Run } from '../shared/ledger/run.ts';
import { type ManualOutcome, type ManualProgress, withManualRun } from '../shared/manual-run.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import { finishSettings, judgeRestore, restoredCounts } from './complete-restore.ts';
import { createRestoredTable } from './create-restored-table.ts';
import { orderOf } from './payloads.ts';
import { lockTableFor, prepareRestore } from './plan-restore.ts';
import { proveShard } from './prove-shard.ts';
import { restoreShard } from './restore-shard.ts';
import { verifyRestored } from './verify-restored.ts';

/** Workers side by side in the one Lambda, each with up to 32 MiB of files. */
const maxConcurrency = 4;

const passes: readonly (readonly [step: string, worker: Worker])[] = [
  ['RestoreProducts', restoreShard],
  ['VerifyRestore', verifyRestored],
];

async function restore(runtime: Runtime, run: Run, turn: Turn): Promise<ManualProgress> {
  const scope = { run, turn };
  const proved = await takeAllTurns(runtime, scope, proveShard);
  if (!proved.done) return { done: false, result: { ...proved.result, step: 'ProveBackup' } };
  await createRestoredTable(runtime, { runId: run.runId, executionArn: run.executionArn });
  for (const [step, worker] of passes) {
    const progress = await takeAllTurns(runtime, scope, worker);
    if (!progress.done) return { done: false, result: { ...progress.result, step } };
  }
  const manifest = await readManifest(runtime.objects, orderOf(run).backupId);
  const ledger = await readRunLedger(runtime, run.runId);
  const verification = judgeRestore(run, manifest, ledger);
  const { warnings } = await finishSettings(runtime, run, manifest);
  return { done: true, result: { ...restoredCounts(run, ledger), verification, warnings } };
}

/**
 * `sls invoke -f restoreFromBackup`: the newest sealed backup into a new table, proved, written and verified, in
 * a run of its own. Short of time it says so; the next call goes on with the same table.
 *
 * @throws BackupNotFoundError, BackupDamagedError, LockHeldError, and what the steps throw; not retried.
 */
export async function restoreAlone(runtime: Runtime, turn: Turn): Promise<ManualOutcome> {
  const startTime = new Date(runtime.clock.now()).toISOString();
  const { order, plan } = await prepareRestore(runtime, { maxConcurrency }, startTime);
  return withManualRun(runtime, turn, {
    step: 'restoreFromBackup',
    plan,
    details: order,
    lockTable: lockTableFor(runtime, order.targetTable),
    backupId: order.backupId,
    work: (run) => restore(runtime, run, turn),
  });
}
