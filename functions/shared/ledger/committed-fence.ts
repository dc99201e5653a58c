import { RunClosedError } from '../errors.ts';
import { createLookout } from './fence.ts';
import { findRun } from './run.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Keeps the last settings of a run's tables from being changed while the run is rolled back: what has their names
 * then may be another run's.
 *
 * @param run.status `RUNNING` for a step called alone, which has no report to write behind its end
 * @returns to be awaited directly before every such request: returns at once while the last look is younger than 5 s
 * @throws RunClosedError (not retried), from what is returned, when the run has another status
 */
export function committedFence(
  { ledger, clock }: Pick<Runtime, 'ledger' | 'clock'>,
  { runId, status }: { readonly runId: string; readonly status: 'SUCCEEDED' | 'RUNNING' },
): () => Promise<void> {
  return createLookout(clock, async () => {
    const now = await findRun(ledger, runId);
    if (now?.status === status) return;
    throw new RunClosedError(
      `Run ${runId} is ${now?.status ?? 'no longer in the ledger'} now: the settings of its tables were left as they are.`,
    );
  });
}
