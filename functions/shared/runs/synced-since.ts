import type { LedgerTable } from '../ledger/ledger-table.ts';
import { isReadable, newestRuns, readRun, type Run } from '../ledger/run.ts';

/**
 * A sync of a source that was open after a time (epoch milliseconds), whatever has become of it since: it has written
 * what is newer than anything that was read before, under the marks of the run that it follows. The list of runs is read
 * eventually consistent, each sync strongly.
 */
export async function syncedSince(
  ledger: LedgerTable,
  sourceTable: string,
  since: number,
): Promise<Run | undefined> {
  const wasOpen = ({ finishedAt }: Run): boolean =>
    finishedAt === undefined || Date.parse(finishedAt) > since;
  for await (const run of newestRuns(ledger)) {
    const isOfSource = isReadable(run) && run.kind === 'sync' && run.sourceTable === sourceTable;
    if (!isOfSource || !wasOpen(run)) continue;
    const sync = await readRun(ledger, run.runId);
    if (wasOpen(sync)) return sync;
  }
  return undefined;
}
