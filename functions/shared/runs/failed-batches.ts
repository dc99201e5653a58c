import type { WithFailureQueue } from '../aws/failure-queue.ts';
import { counted } from '../counted.ts';
import type { Run } from '../ledger/run.ts';
import { noteFailedBatches, noteGap } from '../ledger/sync.ts';
import { syncFailuresQueueName } from '../names.ts';
import type { Runtime } from '../runtime.ts';

/** What a look at the queue of failed batches depends on. */
export type FailedBatchesRuntime = Runtime & WithFailureQueue;

/** How many batches of changes Lambda has given up in the last 14 days, for this sync or for an earlier one. */
export function countFailedBatches({
  failureQueue,
  config,
}: Pick<FailedBatchesRuntime, 'failureQueue' | 'config'>): Promise<number> {
  return failureQueue.count(syncFailuresQueueName(config));
}

/**
 * Notes a gap of an open sync where Lambda has given up more batches than the sync has noted, or for other reasons that the
 * caller knows. The number is noted with the gap, so that the same messages make no other gap. Safe to repeat.
 *
 * @param reasons sentences; for as long as they hold, no change is delivered
 */
export async function noteMissedChanges(
  runtime: FailedBatchesRuntime,
  run: Run,
  reasons: readonly string[] = [],
): Promise<void> {
  const { ledger, clock, config, logger } = runtime;
  const { runId, failedBatches = 0 } = run;
  const count = await countFailedBatches(runtime);
  const all = count > failedBatches ? [...reasons, gaveUp(count - failedBatches, config)] : reasons;
  if (all.length === 0) {
    // Messages have expired or were deleted. Later ones must be noticed all the same.
    if (count < failedBatches) await noteFailedBatches(ledger, run, count);
    return;
  }
  const reason = all.join(' ');
  // The alarm on gaps counts the message of this line: workflow/resources/alarms.yml.
  logger.error('A sync is not delivered all changes', { runId, reason });
  const gap = { at: clock.now(), reason, ...(reasons.length > 0 && { isLasting: true }) };
  await noteGap(ledger, runId, gap, { failedBatches: count });
}

function gaveUp(batches: number, config: FailedBatchesRuntime['config']): string {
  return `Lambda gave up ${counted(batches, 'batch', 'batches')} of changes. Queue ${syncFailuresQueueName(config)} says which.`;
}
