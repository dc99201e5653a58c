import { rolledBackItems } from '../../functions/shared/runs/count-shards.ts';
import type { LedgerTable } from '../../functions/shared/ledger/ledger-table.ts';
import { isBulk, isOfSync, isRestore, type Run } from '../../functions/shared/ledger/run.ts';
import { listShards, type ShardState } from '../../functions/shared/ledger/shard.ts';
import { listTables } from '../../functions/shared/ledger/table-record.ts';
import { itemsOf } from './progress.ts';

/**
 * Items of a run that are in place now: none after a dry run, what was kept after a roll back, those so far of a run
 * that goes on or is held; `undefined` while a run is rolled back, where that failed and where a table was kept,
 * because nobody has counted what is left. A sync and a compare have no items of their own.
 */
export async function itemsInPlace(ledger: LedgerTable, run: Run): Promise<number | undefined> {
  if (isOfSync(run)) return undefined;
  switch (run.status) {
    case 'PLANNED':
      return 0;
    case 'ROLLED_BACK':
      return itemsKept(ledger, run);
    case 'ROLLING_BACK':
    case 'ROLLBACK_FAILED':
      return undefined;
    default:
      break;
  }
  const remembered = run.status === 'SUCCEEDED' ? rememberedItems(run) : undefined;
  if (remembered !== undefined) return remembered;
  const state = placingState(run);
  return itemsOf(state, await listShards(ledger, run.runId, state));
}

/** Items that a roll back could not remove; `undefined` where it left a table alone, because nobody has counted it. */
async function itemsKept(ledger: LedgerTable, { runId }: Run): Promise<number | undefined> {
  const [tables, shards] = await Promise.all([
    listTables(ledger, runId),
    listShards(ledger, runId, 'RollBack'),
  ]);
  if (tables.some(({ outcome, itemsKept }) => outcome === 'KEPT' || itemsKept === true)) return undefined;
  return rolledBackItems(shards).kept;
}

/** What the run itself remembers of a success, so that a list of runs needs no further request for it. */
function rememberedItems({ kind, rehearsal, backup }: Run): number | undefined {
  if (kind === 'restore') return backup?.items;
  return kind === 'migrate' && rehearsal !== undefined ? rehearsal.metadata + rehearsal.variants : undefined;
}

/** The state that puts a run's items in their place; a backup's are those backed up. */
function placingState(run: Run): ShardState {
  if (isBulk(run)) return 'BulkLoad';
  if (isRestore(run)) return 'RestoreProducts';
  return run.step === 'backupProducts' ? 'BackupProducts' : 'MigrateProducts';
}
