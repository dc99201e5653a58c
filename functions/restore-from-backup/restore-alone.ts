import { commandsOf, stepText } from '../shared/commands.ts';
import { takeAllTurns, type Worker } from '../shared/runs/all-shards.ts';
import { readManifest } from '../shared/files/backup-catalog.ts';
import { VerificationFailedError } from '../shared/errors.ts';
import { readRun, type Run } from '../shared/ledger/run.ts';
import { readRecords } from '../shared/ledger/run-records.ts';
import { listShards } from '../shared/ledger/shard.ts';
import { type ManualOutcome, type ManualProgress, withManualRun } from '../shared/runs/manual-run.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import { restoredCounts } from '../shared/runs/restored-counts.ts';
import { finishSettings, warnOfExpiry } from './complete-restore.ts';
import { createRestoredTable } from './create-restored-table.ts';
import { judgeRestore, readRestoreFacts } from './judge-restore.ts';
import { orderOf } from '../shared/runs/restore-order.ts';
import { lockTableFor, prepareRestore } from './plan-restore.ts';
import { proveShard } from './prove-shard.ts';
import { restoreShard } from './restore-shard.ts';
import { verifyRestored } from './verify-restored.ts';

/** Workers at the same time in one Lambda, each with up to 32 MiB of files. */
const MAX_CONCURRENCY = 4;

const PASSES: readonly (readonly [step: string, worker: Worker])[] = [
  ['RestoreProducts', restoreShard],
  ['VerifyRestore', verifyRestored],
];

async function restore(runtime: Runtime, run: Run, turn: Turn): Promise<ManualProgress> {
  const scope = { run, turn };
  const wasRestored = await isRestored(runtime, run);
  const proved = await takeAllTurns(runtime, scope, proveShard);
  if (!proved.done) return { done: false, result: { ...proved.result, step: 'ProveBackup' } };
  await createRestoredTable(runtime, { runId: run.runId, executionArn: run.executionArn });
  for (const [step, worker] of PASSES) {
    const progress = await takeAllTurns(runtime, scope, worker);
    if (progress.done) continue;
    if (wasRestored) throw tooLargeForOneCall(runtime, run);
    return { done: false, result: { ...progress.result, step } };
  }
  const manifest = await readManifest(runtime.objects, orderOf(run).backupId);
  const ledger = await readRecords(runtime.ledger, run.runId);
  const verification = judgeRestore(await readRestoreFacts(runtime, { run, ledger, manifest }));
  await warnOfExpiry(runtime, { run, ledger });
  await finishSettings(runtime, { run, ledger }, manifest);
  const { warnings } = await readRun(runtime.ledger, run.runId);
  return { done: true, result: { ...restoredCounts(run, ledger), verification, warnings } };
}

/** Whether an earlier call has written every item. */
async function isRestored({ ledger }: Runtime, run: Run): Promise<boolean> {
  const shards = await listShards(ledger, run.runId, 'RestoreProducts');
  return shards.filter(({ done }) => done).length === run.plan.shards.length;
}

/** Items that an earlier call verified may have changed since, so the verification must fit into one call. */
function tooLargeForOneCall({ config }: Runtime, run: Run): VerificationFailedError {
  const { backupId, targetTable } = orderOf(run);
  return new VerificationFailedError(
    `Every item of backup ${backupId} was written to ${targetTable}, but the table is too large to be read again within one call of restoreFromBackup, so it was not proved complete.`,
    stepText([
      'Prove it with a whole restore, which writes only missing items',
      commandsOf(config).restore({ backupId, targetTable }),
    ]),
  );
}

/**
 * `sls invoke -f restoreFromBackup`: the newest sealed backup into a new table, proved, written and verified, in a run
 * of its own. If the time runs out it says so, and the next call continues with the same table.
 *
 * @throws BackupNotFoundError, BackupDamagedError, LockHeldError, and what the steps throw; not retried.
 */
export async function restoreAlone(runtime: Runtime, turn: Turn): Promise<ManualOutcome> {
  const startTime = new Date(runtime.clock.now()).toISOString();
  const { order, plan } = await prepareRestore(runtime, { maxConcurrency: MAX_CONCURRENCY }, startTime);
  return withManualRun(runtime, turn, {
    step: 'restoreFromBackup',
    plan,
    details: order,
    lockTable: lockTableFor(runtime, order.targetTable),
    backupId: order.backupId,
    work: (run) => restore(runtime, run, turn),
  });
}
