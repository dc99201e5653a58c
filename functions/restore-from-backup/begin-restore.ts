import { readManifest } from '../shared/files/backup-catalog.ts';
import { backupLayout } from '../shared/files/layout.ts';
import type { MigrationManifest } from '../shared/files/manifests.ts';
import { LockHeldError } from '../shared/errors.ts';
import type { Holder, NewRun } from '../shared/ledger/begin.ts';
import type { BackupSummary, Run } from '../shared/ledger/run.ts';
import { beginOrRecover, type BegunOrRecover } from '../shared/runs/lock-conflict.ts';
import { holderOf, newRunOf } from '../shared/runs/new-run.ts';
import type { KeptOrder } from '../shared/runs/restore-order.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { BeginRestoreInput, BeginRestoreOutput } from './payloads.ts';
import { newTarget } from './new-target.ts';
import { assertAllowed, lockTableFor } from './plan-restore.ts';
import { parseRestoreInput } from './restore-input.ts';

/** The backup, as the run's report shows it. */
export function summaryOf(runtime: Runtime, manifest: MigrationManifest): BackupSummary {
  const { backupId, files, itemCount, bytes, digest } = manifest;
  const uri = `s3://${runtime.bucket}/${backupLayout(backupId).prefix}`;
  return { backupId, uri, files: files.length, items: itemCount, bytes, digest };
}

async function newRun(
  runtime: Runtime,
  { input: typed, execution, tested }: BeginRestoreInput,
): Promise<NewRun> {
  const restoreInput = parseRestoreInput(typed);
  const { note, maxConcurrency, writeUnitsPerSecond, maxCost, writeEngine } = restoreInput;
  const { order, plan } = tested;
  assertAllowed(runtime, restoreInput, order.targetTable);
  const details: KeptOrder = { ...order, isTargetNamed: restoreInput.targetTable !== undefined };
  const parameters = {
    dryRun: false,
    onFailure: 'rollback',
    maxQuarantined: 0,
    onExisting: 'keep',
    maxConcurrency: maxConcurrency ?? runtime.config.maxConcurrency,
    writeUnitsPerSecond,
    maxCost,
    writeEngine,
    note,
  } as const;
  return {
    ...newRunOf(runtime, execution, plan),
    kind: 'restore',
    lockTable: lockTableFor(runtime, order.targetTable),
    parameters,
    backupId: order.backupId,
    backup: summaryOf(runtime, await readManifest(runtime.objects, order.backupId)),
    details,
  };
}

function begun({ runId, plan }: Run): Omit<BeginRestoreOutput['run'], 'outcome'> {
  const { engine: writeEngine = 'batch' } = plan.writeEngine ?? {};
  return { runId, writeEngine, shards: plan.shards, workers: plan.workers };
}

/**
 * Takes another name if the default one is locked by a restore that started in the same second. A target that somebody
 * named is not changed.
 */
async function beginWhereFree(
  runtime: Runtime,
  state: BeginRestoreInput,
  { holder, taken = new Set() }: { readonly holder: Holder; readonly taken?: ReadonlySet<string> },
): Promise<BegunOrRecover> {
  try {
    return await beginOrRecover(runtime, await newRun(runtime, state), holder);
  } catch (error) {
    const isNamed = parseRestoreInput(state.input).targetTable !== undefined;
    if (isNamed || !(error instanceof LockHeldError)) throw error;
    const { order } = state.tested;
    const others = new Set([...taken, order.targetTable]);
    const targetTable = await newTarget(runtime, state.execution.startTime, others);
    const tested = { ...state.tested, order: { ...order, targetTable } };
    return beginWhereFree(runtime, { ...state, tested }, { holder, taken: others });
  }
}

/**
 * Run, execution and lock in one transaction. A dead run that has the lock must be recovered first.
 *
 * @throws LockHeldError, RunIdUsedError, RunClosedError; none is retried.
 */
export async function beginRestore(runtime: Runtime, state: BeginRestoreInput): Promise<BeginRestoreOutput> {
  const { machine, input, execution, tested } = state;
  const { outcome, run } = await beginWhereFree(runtime, state, { holder: holderOf(execution) });
  const kept = { machine, input, execution };
  return { ...kept, ...(outcome === 'RECOVER' && { tested }), run: { outcome, ...begun(run) } };
}
