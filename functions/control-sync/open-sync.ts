import { awsCommandsOf, commandsOf, stepText } from '../shared/commands.ts';
import { LockHeldError, RunClosedError } from '../shared/errors.ts';
import { readRun, type Run } from '../shared/ledger/run.ts';
import { changeSync, ownHolder, type SyncChange } from '../shared/ledger/sync.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { RunStepInput } from '../shared/state.ts';

/**
 * The sync that this execution works on.
 *
 * @throws RunClosedError (not retried) where another execution has taken it, for instance to cancel it
 */
export async function readOwnSync({ ledger }: Runtime, { runId, executionArn }: RunStepInput): Promise<Run> {
  const run = await readRun(ledger, runId);
  if (run.executionArn === executionArn) return run;
  throw new RunClosedError(
    `Run ${runId} is worked on by ${run.executionArn} now: this execution changes nothing more.`,
  );
}

/** {@link changeSync} by the execution that works on the sync already. */
export async function changeOwn(
  { ledger }: Runtime,
  run: Run,
  change: Omit<SyncChange, 'run' | 'holder'>,
  extra?: Parameters<typeof changeSync>[2],
): Promise<Run> {
  const changed = await changeSync(ledger, { ...change, run, holder: ownHolder(run) }, extra);
  if (changed !== undefined) return changed;
  throw new RunClosedError(
    `Run ${run.runId} was changed by somebody else at this moment: this execution changes nothing more.`,
  );
}

/** @throws LockHeldError (not retried): another execution works on the sync */
export function refuseBusy({ config }: Runtime, { runId, executionArn }: Run): never {
  throw new LockHeldError(
    `Sync ${runId} is worked on by ${executionArn} now. Nothing was changed.`,
    stepText(
      ['Wait until that execution ends', commandsOf(config).follow(runId)],
      ['Or stop it', awsCommandsOf(config).stopExecution(executionArn)],
    ),
  );
}

/**
 * {@link changeSync} by an execution that works on the sync from now on.
 *
 * @throws LockHeldError (not retried) where somebody else has changed it first
 */
export async function taken(
  { runtime, ...by }: { readonly runtime: Runtime } & Pick<SyncChange, 'holder' | 'step' | 'facts'>,
  open: Run,
): Promise<Run> {
  const run = await changeSync(runtime.ledger, { ...by, run: open, to: open.status });
  if (run !== undefined) return run;
  throw new LockHeldError(
    `Sync ${open.runId} was changed by another execution at this moment. Nothing was changed.`,
  );
}
