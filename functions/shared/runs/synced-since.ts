import type { LedgerTable } from '../ledger/ledger-table.ts';
import { isReadable, listRuns, readRun, type Run } from '../ledger/run.ts';

/** Newest first; what has come since is looked for among so many runs. */
export const RECENT_RUNS = 1_000;

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
  const syncs = (await listRuns(ledger, RECENT_RUNS)).filter(
    (run) => isReadable(run) && run.kind === 'sync' && run.sourceTable === sourceTable && wasOpen(run),
  );
  for (const { runId } of syncs) {
    const sync = await readRun(ledger, runId);
    if (wasOpen(sync)) return sync;
  }
  return undefined;
}
