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
  /** Of these runs those of another source. What is known may be forgotten at any moment. */
  const othersOf = async (ids: readonly string[]): Promise<ReadonlySet<string>> => {
    const others = new Set(ids.filter((id) => known.get(id) === true));
    const unknown = ids.filter((id) => !known.has(id));
    if (unknown.length === 0) return others;
    const runs: ReadonlyMap<string, Partial<Run>> = await retry(() => findAnyRuns(ledger, unknown));
    if (known.size + unknown.length > MAX_KNOWN) known.clear();
    for (const id of unknown) {
      const isOther = (runs.get(id)?.sourceTable ?? sourceTable) !== sourceTable;
      known.set(id, isOther);
      if (isOther) others.add(id);
    }
    return others;
  };
  return async (items) => {
    const marks = items.map((item) => stringAttribute(item, 'migrationRun') ?? '');
    const others = await othersOf([...new Set(marks)].filter((id) => runIdSchema.safeParse(id).success));
    return new Set(items.filter((_, index) => others.has(marks[index] ?? '')));
  };
}
