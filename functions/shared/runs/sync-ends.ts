import { warnOfDeadCalls } from '../copy/unseen-deletion.ts';
import type { Run } from '../ledger/run.ts';
import { warnRun } from '../ledger/run-update.ts';
import type { Gap } from '../ledger/sync-facts.ts';
import { changeSync, gapFacts, NOTHING_ARRIVED, ownHolder } from '../ledger/sync.ts';
import { lockTableOf } from '../ledger/lock.ts';
import { transition } from '../ledger/transition.ts';
import type { Runtime } from '../runtime.ts';
import type { ReadableFailure } from './caught-failure.ts';

/** SWITCHING -> SYNCING. What arrived meanwhile may have been missed, which the next compare closes unless that lasts. */
export async function backToSyncing(
  { ledger, clock }: Runtime,
  run: Run,
  { reason, isLasting = false }: Pick<Gap, 'reason' | 'isLasting'>,
): Promise<Run | undefined> {
  if (run.status !== 'SWITCHING') return run;
  return changeSync(ledger, {
    run,
    holder: ownHolder(run),
    to: 'SYNCING',
    step: `back:${run.arrivals ?? 0}`,
    facts: gapFacts({ at: clock.now(), reason, ...(isLasting && { isLasting }) }),
    remove: ['arrived', 'arrivals'],
  });
}

/**
 * SWITCHING -> SYNCING where nothing was missed.
 *
 * @returns `false`: a change has arrived, or the sync is no longer as it was read
 */
export async function backWithoutGap({ ledger }: Runtime, run: Run): Promise<boolean> {
  if (run.status !== 'SWITCHING') return false;
  const back = { run, holder: ownHolder(run), to: 'SYNCING', step: 'back', if: NOTHING_ARRIVED } as const;
  return (await changeSync(ledger, back)) !== undefined;
}

/** Whether nothing but its end is left to do for a sync: its start did not come to an end, or it is being cancelled. */
export function mustCancel({ status, isStarted }: Pick<Run, 'status' | 'isStarted'>): boolean {
  return status === 'CANCELLING' || isStarted !== true;
}

/** Ends a compare that cannot come to its end. Its workers only read. */
export async function cancelCompare(
  runtime: Runtime,
  run: Run,
  { error, cause }: ReadableFailure,
): Promise<void> {
  const finishedAt = new Date(runtime.clock.now()).toISOString();
  await transition(runtime.ledger, {
    run,
    to: 'CANCELLED',
    lock: 'release',
    writer: `cancel:${run.executionArn}`,
    facts: { finishedAt, failure: { error, cause } },
  });
}

/**
 * Ends a sync or a compare whose lock somebody has removed from the ledger by hand: without it nothing is written, so it
 * follows nothing any more.
 *
 * @param other run that has the lock now; absent: nobody has it
 */
export async function endWithoutLock(runtime: Runtime, run: Run, other: string | undefined): Promise<void> {
  const holder = other === undefined ? 'Nobody has it now' : `Run ${other} has it now`;
  const cause = `The lock of table ${lockTableOf(run)} was removed from the ledger by hand. ${holder}. Without it this ${run.kind} changes nothing, so it was ended.`;
  await warnOfDeadCalls(runtime.ledger, run);
  const finishedAt = new Date(runtime.clock.now()).toISOString();
  const ended = await transition(runtime.ledger, {
    run,
    to: 'CANCELLED',
    lock: 'none',
    writer: `without-lock:${run.executionArn}`,
    facts: { finishedAt, failure: { error: 'LockRemoved', cause } },
  });
  if (ended !== undefined) await warnRun(runtime.ledger, ended, [cause]);
}
