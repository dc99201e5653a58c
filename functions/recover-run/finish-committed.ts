import { TransientError } from '../shared/errors.ts';
import type { Run } from '../shared/ledger/run.ts';
import { finishOpening } from '../shared/runs/finish-opening.ts';
import { finishProtection } from '../shared/runs/finish-protection.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';

/**
 * What opening or protecting a run's tables takes at most, as where its role is refused for good: two requests that are
 * repeated for a minute, with 15 seconds each for the last pause and attempt.
 */
const LONGEST_MILLIS = 2 * (60_000 + 15_000);

/**
 * Opens and protects the tables of a run that is committed, if that is missing still. Begins nothing that the call may not
 * live to see the end of. Idempotent.
 *
 * @throws TransientError where too little time is left to open them, and the ledger's errors; safe to repeat
 */
export async function finishCommitted(
  runtime: Runtime,
  turn: Pick<Turn, 'remainingMillis'>,
  run: Run,
): Promise<void> {
  if (run.status !== 'SUCCEEDED') return;
  const hasTime = (): boolean => turn.remainingMillis() > LONGEST_MILLIS;
  // The shop cannot write before that, so this is tried at once and without limit.
  if (run.opening === 'PENDING') {
    if (!hasTime())
      throw new TransientError(
        `Too little time was left to open the tables of run ${run.runId}. The next call opens them.`,
      );
    await finishOpening(runtime, run);
  }
  if (needsProtection(runtime, run) && hasTime()) await finishProtection(runtime, run);
}

/** Whether CompleteRun died between its commit and the protection of the tables, or could not switch on all of it. */
function needsProtection({ clock }: Pick<Runtime, 'clock'>, { protection, finishedAt = '' }: Run): boolean {
  const graceMillis = 900_000;
  return protection === 'PENDING' && clock.now() - Date.parse(finishedAt) > graceMillis;
}
