import type { Run } from '../shared/ledger/run.ts';
import { finishOpening } from '../shared/runs/finish-opening.ts';
import { finishProtection } from '../shared/runs/finish-protection.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';

/**
 * What protecting a run's tables takes at most, as where its role is refused for good: three requests that are
 * repeated for a minute, with 15 seconds each for the last pause and attempt.
 */
const LONGEST_MILLIS = 3 * (60_000 + 15_000);

/**
 * Opens and protects the tables of a run that is committed, if that is missing still. Where the opening has taken long,
 * the protection is left to the next call. Idempotent, and safe to be killed.
 *
 * @throws the ledger's errors; safe to repeat
 */
export async function finishCommitted(
  runtime: Runtime,
  turn: Pick<Turn, 'remainingMillis'>,
  run: Run,
): Promise<void> {
  if (run.status !== 'SUCCEEDED') return;
  const isClosed = run.opening === 'PENDING';
  // The shop cannot write before that, so this is tried at once and without limit.
  if (isClosed) await finishOpening(runtime, run);
  const hasTime = !isClosed || turn.remainingMillis() > LONGEST_MILLIS;
  if (hasTime && needsProtection(runtime, run)) await finishProtection(runtime, run);
}

/** Whether CompleteRun died between its commit and the protection of the tables, or could not switch on all of it. */
function needsProtection({ clock }: Pick<Runtime, 'clock'>, { protection, finishedAt = '' }: Run): boolean {
  const graceMillis = 900_000;
  return protection === 'PENDING' && clock.now() - Date.parse(finishedAt) > graceMillis;
}
