import type { LedgerTable } from '../../functions/shared/ledger/ledger-table.ts';
import type { Run } from '../../functions/shared/ledger/run.ts';
import { listShards, type ShardState } from '../../functions/shared/ledger/shard.ts';
import { itemsOf } from './progress.ts';

/** The Map that puts a run's items in their place; a backup's are those backed up. */
function placingState({ kind, step }: Run): ShardState {
  if (kind === 'restore' || step === 'restoreFromBackup') return 'RestoreProducts';
  return step === 'backupProducts' ? 'BackupProducts' : 'MigrateProducts';
}

/** What the run itself remembers of a success, so that a list of runs needs no further request for it. */
function rememberedItems({ kind, rehearsal, backup }: Run): number | undefined {
  if (kind === 'restore') return backup?.items;
  return kind === 'migrate' && rehearsal !== undefined ? rehearsal.metadata + rehearsal.variants : undefined;
}

/**
 * Items of a run that are in place now: none after a dry run or a roll back, those so far of a run that goes on
 * or is held; `undefined` while a run is taken back, and where that failed, because nobody has counted what is left.
 */
export async function itemsInPlace(ledger: LedgerTable, run: Run): Promise<number | undefined> {
  switch (run.status) {
    case 'PLANNED':
    case 'ROLLED_BACK':
      return 0;
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
