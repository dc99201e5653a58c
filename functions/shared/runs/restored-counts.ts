import type { Run } from '../ledger/run.ts';
import type { TableRecord } from '../ledger/table-record.ts';
import { countOver, countRestored, type Shards } from './count-shards.ts';
import type { RestoredCounts } from './reported-counts.ts';
import { orderOf } from './restore-order.ts';

/** What the ledger holds of a restore besides the run. */
export interface RestoreLedger {
  readonly shards: Shards;
  readonly tables: readonly TableRecord[];
}

/** What a restore has done, by its checkpoints. @throws BackupDamagedError if the run is not a restore; not retried. */
export function restoredCounts(run: Run, { shards, tables }: RestoreLedger): RestoredCounts {
  const count = (counter: string): number => countRestored(shards, counter);
  return {
    ...orderOf(run),
    mode: restoreModeIn(tables, run),
    written: count('written'),
    alreadyPresent: count('alreadyPresent'),
    keptDifferent: count('keptDifferent'),
    expired: countOver(shards, 'ProveBackup', 'expired'),
  };
}

/** Whether the run created its target, according to the run's record of it. */
export function restoreModeIn(tables: readonly TableRecord[], run: Run): RestoredCounts['mode'] {
  return restoredTableIn(tables, run)?.outcome === 'CREATED' ? 'NEW' : 'EXISTING';
}

/** The run's record of its target; absent before it was announced. */
export function restoredTableIn(tables: readonly TableRecord[], run: Run): TableRecord | undefined {
  const { targetTable } = orderOf(run);
  return tables.find(({ name }) => name === targetTable);
}
