import { isNamed, RunClosedError } from '../shared/errors.ts';
import { createLookout } from '../shared/ledger/fence.ts';
import { executionStatus } from '../shared/runs/holder.ts';
import { ClaimLostError, type Claims, claimed } from '../shared/ledger/claims.ts';
import { ABSENT, updateItem } from '../shared/ledger/actions.ts';
import { runKey } from '../shared/ledger/ledger-table.ts';
import { type Lock, lockKeyOf, lockPut } from '../shared/ledger/lock.ts';
import { readRun, type Run } from '../shared/ledger/run.ts';
import { readTogether } from '../shared/ledger/store.ts';
import { transact } from '../shared/ledger/transact.ts';
import { fenceMillisOf, type Runtime } from '../shared/runtime.ts';

/** Who rolls a run back: an execution, in turns. Each turn is a call of its own. */
export interface RollBackCall {
  /** ARN of the execution. */
  readonly execution: string;
  readonly startTime: string;
  /** Unique to the call. */
  readonly call: string;
}

/** What a run records about who rolls it back, when it is marked or taken over. */
export function claimFacts({ clock, config }: Runtime, run: Run, { execution, call }: RollBackCall) {
  const claims = claimed(run, { call, now: clock.now(), fenceMillis: fenceMillisOf(config) });
  return { recoveryOwner: execution, ...claims } satisfies Claims & Pick<Run, 'recoveryOwner'>;
}

/** Whether another execution is rolling the run back and is alive. */
export async function isRolledBackByOther(
  { clients }: Pick<Runtime, 'clients'>,
  { recoveryOwner }: Run,
  { execution }: RollBackCall,
): Promise<boolean> {
  if (recoveryOwner === undefined || recoveryOwner === execution) return false;
  const status = await executionStatus(clients.sfn, recoveryOwner);
  return status === 'RUNNING' || status === 'PENDING_REDRIVE';
}

/**
 * Claims a run that is ROLLING_BACK for this call, and takes its lock again if somebody removed it by hand.
 *
 * @returns the claimed run; `undefined` if the run has changed since it was read, or another run has the lock
 */
export async function claimRollBack(runtime: Runtime, run: Run, by: RollBackCall): Promise<Run | undefined> {
  const { ledger } = runtime;
  const holder = { executionArn: by.execution, startTime: by.startTime };
  const facts = claimFacts(runtime, run, by);
  const isClaimed = await transact(ledger, [
    updateItem(ledger, runKey(run.runId), {
      if: { status: 'ROLLING_BACK', claim: run.claim ?? ABSENT },
      set: facts,
    }),
    lockPut(ledger, run, holder),
  ]);
  if (isClaimed) return { ...run, ...facts };
  // If an answer was lost and the call was repeated, our own first attempt caused the refusal.
  const after = await readRun(ledger, run.runId);
  return after.claim === by.call ? after : undefined;
}

/** Whether another call is rolling the run back, or the run has ended. Then this call has nothing more to decide. */
export function endsTurn(error: unknown): boolean {
  return isNamed(error, 'RunClosedError', 'TransientError');
}

/** Checked directly before every request that removes something. */
export interface RollBackFence {
  /** @throws ClaimLostError, RunClosedError when this call must not go on */
  check(): Promise<void>;
}

/** Guards a claim. No request begins if the last look at the run is more than 5 s old. */
export function rollBackFence({ ledger, clock }: Runtime, run: Run, call: string): RollBackFence {
  const lookAgain = async (): Promise<void> => {
    const [now, lock] = await readTogether(ledger, [runKey(run.runId), lockKeyOf(run)]);
    const { status, claim } = (now ?? {}) as Partial<Run>;
    if (status !== 'ROLLING_BACK')
      throw new RunClosedError(
        `Run ${run.runId} is ${status ?? 'no longer in the ledger'}: this roll back was too late and changes nothing more.`,
      );
    if (claim !== call || (lock as Lock | undefined)?.runId !== run.runId)
      throw new ClaimLostError(
        `Another call is rolling run ${run.runId} back, or its lock is gone. This call changes nothing more.`,
      );
  };
  return { check: createLookout(clock, lookAgain) };
}
