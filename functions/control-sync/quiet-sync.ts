import { longestWaitMillis } from '../shared/ledger/claims.ts';
import { quietTimeOf } from '../shared/ledger/quiet.ts';
import type { Run } from '../shared/ledger/run.ts';
import { listPending } from '../shared/ledger/sync-records.ts';
import { fenceMillisOf, type Runtime } from '../shared/runtime.ts';

/**
 * Whole seconds from now until nothing can take effect any more that a delivered batch, or a worker of a compare, has
 * sent before; 0: it is quiet already.
 *
 * @param stoppedAt when they were told to stop (epoch milliseconds)
 */
export async function secondsToQuiet(runtime: Runtime, run: Run, stoppedAt: number): Promise<number> {
  const quietAt = Math.max(
    stoppedAt + fenceMillisOf(runtime.config),
    await quietTimeOf(runtime, run, stoppedAt),
    await batchesQuietAt(runtime, run, stoppedAt),
  );
  return Math.max(0, Math.ceil((quietAt - runtime.clock.now()) / 1_000));
}

/** A batch has no claim: where one of its writes got no answer, its keys are pending. */
async function batchesQuietAt(
  { ledger, config }: Runtime,
  { runId }: Run,
  stoppedAt: number,
): Promise<number> {
  const pending = await listPending(ledger, runId);
  const latest = pending.reduce((time, { quietAt = 0 }) => Math.max(time, quietAt), 0);
  return Math.min(latest, stoppedAt + longestWaitMillis(fenceMillisOf(config)));
}
