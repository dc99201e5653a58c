import { takeAllTurns } from '../shared/runs/all-shards.ts';
import { readTableDescription } from '../shared/aws/table-description.ts';
import { isNamed } from '../shared/errors.ts';
import type { Run } from '../shared/ledger/run.ts';
import {
  isQuietInTime,
  type ManualOutcome,
  type ManualProgress,
  withManualRun,
} from '../shared/runs/manual-run.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import type { Plan } from '../shared/state.ts';
import { planAlone } from '../shared/runs/cut-work.ts';
import { missingSourceError } from '../shared/tables/missing-source.ts';
import { transformWithoutFiles } from '../shared/copy/transform/transform-shard.ts';
import { sealBackup } from '../shared/runs/seal-backup.ts';
import { backupSegment } from './backup-segment.ts';

/** Workers side by side in the one Lambda: while one waits for DynamoDB, another compresses. */
const WORKERS = 4;

/**
 * `sls invoke -f backupProducts`: a whole backup, proved and sealed, in a run of its own. If time runs short, the
 * answer says so, and the next call continues.
 *
 * @throws SourceTableNotFoundError, LockHeldError, and what the three steps throw; not retried.
 */
export async function backupAlone(runtime: Runtime, turn: Turn): Promise<ManualOutcome> {
  const { plan, sourceTableId } = await planBackup(runtime);
  return withManualRun(runtime, turn, {
    step: 'backupProducts',
    plan,
    sourceTableId,
    work: (run) => backUp(runtime, run, turn),
  });
}

async function planBackup(runtime: Runtime): Promise<{ plan: Plan; sourceTableId: string }> {
  const { clients, clock, config } = runtime;
  const source = await readTableDescription({ dynamo: clients.dynamo, clock }, config.sourceTable).catch(
    (error: unknown) => {
      if (!isNamed(error, 'ResourceNotFoundException')) throw error;
      throw missingSourceError(runtime);
    },
  );
  const capacity = {
    ProvisionedThroughput: source.provisionedThroughput,
    OnDemandThroughput: source.onDemandThroughput,
  };
  const { timeToLiveAttribute, tableId: sourceTableId } = source;
  const plan = { ...planAlone({ workers: WORKERS, source: capacity }), timeToLiveAttribute };
  return { plan, sourceTableId };
}

async function backUp(runtime: Runtime, run: Run, turn: Turn): Promise<ManualProgress> {
  const backedUp = await takeAllTurns(runtime, { run, turn }, backupSegment);
  if (!backedUp.done) return { ...backedUp, result: { ...backedUp.result, step: 'BackupProducts' } };
  const proved = await takeAllTurns(runtime, { run, turn }, transformWithoutFiles);
  if (!proved.done) return { ...proved, result: { ...proved.result, step: 'TransformProducts' } };
  // Sealing waits for requests without an answer, and an invocation that ends while it waits is a failure.
  if (!(await isQuietInTime(runtime, run, turn))) return { done: false, result: { step: 'SealBackup' } };
  const sealed = await sealBackup(runtime, { runId: run.runId, executionArn: run.executionArn });
  return { done: true, result: { ...sealed } };
}
