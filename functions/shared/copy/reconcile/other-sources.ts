import { stringAttribute, type WireItem } from '../../items/wire-item.ts';
import type { LedgerTable } from '../../ledger/ledger-table.ts';
import { findAnyRuns, type Run } from '../../ledger/run.ts';
import { runIdSchema } from '../../state.ts';

/** Which of these items a migration of another source has written. */
export type OthersAmong = (items: readonly WireItem[]) => Promise<ReadonlySet<WireItem>>;

/** Anybody may write any mark, and memory stays constant. */
const MAX_KNOWN = 10_000;

/**
 * Asks the ledger once for each run. What a run has written that the ledger does not know counts as of this source.
 *
 * @throws the SDK's errors
 */
export function otherSources(
  ledger: LedgerTable,
  { sourceTable }: Pick<Run, 'sourceTable'>,
  retry: <T>(attempt: () => Promise<T>) => Promise<T>,
): OthersAmong {
  const known = new Map<string, boolean>();
  return async (items) => {
    const marks = items.map((item) => stringAttribute(item, 'migrationRun') ?? '');
    const unknown = [...new Set(marks)].filter((id) => !known.has(id) && runIdSchema.safeParse(id).success);
    const runs: ReadonlyMap<string, Partial<Run>> = unknown.length === 0
      ? new Map()
      : await retry(() => findAnyRuns(ledger, unknown));
    if (known.size + unknown.length > MAX_KNOWN) known.clear();
    for (const id of unknown) known.set(id, (runs.get(id)?.sourceTable ?? sourceTable) !== sourceTable);
    return new Set(items.filter((_, index) => known.get(marks[index] ?? '') === true));
  };
}
