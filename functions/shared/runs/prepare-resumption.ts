import { warnOfDeadWorkers } from '../copy/unseen-deletion.ts';
import { closeAll, untilHeldRunIsQuiet } from '../ledger/quiet.ts';
import type { Run } from '../ledger/run.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Prepares a HELD run to be resumed: waits until nothing of its workers can take effect any more, warns of those that have
 * died while they may have removed items, and closes their claims. Safe to repeat.
 *
 * @throws RunNotFoundError, LedgerVersionError (neither is retried), the SDK's errors
 */
export async function prepareResumption(runtime: Runtime, run: Run): Promise<void> {
  const records = await untilHeldRunIsQuiet(runtime, run);
  await warnOfDeadWorkers(runtime, records);
  await closeAll(runtime, records.claims, 0);
}
