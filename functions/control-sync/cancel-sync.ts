import { warnOfDeadCalls } from '../shared/copy/unseen-deletion.ts';
import type { Run } from '../shared/ledger/run.ts';
import type { SyncRuntime } from './sync-runtime.ts';
import type { RunStepInput } from '../shared/state.ts';
import { isMappingGone } from './delete-mapping.ts';
import { changeOwn, readOwnSync } from './open-sync.ts';
import type { SyncTurn } from './payloads.ts';
import { secondsToQuiet } from './quiet-sync.ts';

const POLL_SECONDS = 2;

/**
 * One turn of a cancellation: CANCELLING stops every call that writes, the mapping is deleted, the fence is awaited, and
 * CANCELLED releases the lock. What the target has become stays. Idempotent, called until it says done.
 */
export async function cancelSync(runtime: SyncRuntime, input: RunStepInput): Promise<SyncTurn> {
  const run = await readOwnSync(runtime, input);
  return run.status === 'CANCELLED' ? DONE : cancelOpen(runtime, run);
}

const DONE: SyncTurn = { done: true, waitSeconds: 0 };

/** {@link cancelSync} of a sync that was read already. */
export async function cancelOpen(runtime: SyncRuntime, open: Run): Promise<SyncTurn> {
  const now = runtime.clock.now();
  const run =
    open.status === 'CANCELLING'
      ? open
      : await changeOwn(runtime, open, { to: 'CANCELLING', step: 'cancelling', facts: { markedAt: now } });
  const markedAt = run.markedAt ?? now;
  const isGone = await isMappingGone(runtime, run, markedAt);
  const fenceSeconds = await secondsToQuiet(runtime, run, markedAt);
  if (fenceSeconds > 0) return { done: false, waitSeconds: isGone ? fenceSeconds : POLL_SECONDS };
  if (!isGone) return { done: false, waitSeconds: POLL_SECONDS };
  await warnOfDeadCalls(runtime.ledger, run);
  const finishedAt = new Date(runtime.clock.now()).toISOString();
  await changeOwn(runtime, run, {
    to: 'CANCELLED',
    step: 'cancelled',
    releases: true,
    facts: { finishedAt },
  });
  return DONE;
}
