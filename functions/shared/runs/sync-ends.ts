import type { Run } from '../ledger/run.ts';
import { changeSync, gapFacts, ownHolder } from '../ledger/sync.ts';
import { transition } from '../ledger/transition.ts';
import type { Runtime } from '../runtime.ts';
import type { ReadableFailure } from './caught-failure.ts';

/** SWITCHING -> SYNCING. What arrived meanwhile may have been missed, which the next compare closes. */
export async function backToSyncing(
  { ledger, clock }: Runtime,
  run: Run,
  reason: string,
): Promise<Run | undefined> {
  if (run.status !== 'SWITCHING') return run;
  return changeSync(ledger, {
    run,
    holder: ownHolder(run),
    to: 'SYNCING',
    step: `back:${run.arrivals ?? 0}`,
    facts: gapFacts({ at: clock.now(), reason }),
    remove: ['arrived', 'arrivals'],
  });
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
