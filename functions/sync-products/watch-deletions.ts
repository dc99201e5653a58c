import { warnOfUnseenDeletion } from '../shared/copy/unseen-deletion.ts';
import {
  type BatchPlace,
  findDeleting,
  forgetDeleting,
  noteDeleting,
} from '../shared/ledger/deleting-call.ts';
import type { Run } from '../shared/ledger/run.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { Change } from './change-batch.ts';

/** What one call tells the ledger of its deletions. */
export interface WatchedDeletions {
  /** To be awaited before each deletion. Writes once for each table. @throws the ledger's errors */
  readonly before: (tableName: string) => Promise<void>;
  /** The call has come to its end. Never throws: a call that stays noted only costs a warning too many. */
  readonly end: () => Promise<void>;
}

/** Of calls without a batch, which take up keys that wait. */
const NO_BATCH = 'none';

/**
 * Warns of an earlier call with this batch that has died while it deleted items: what somebody added to one of them at that
 * moment may be lost. Then watches the deletions of this call.
 *
 * @param call unique to the call
 * @throws the ledger's errors
 */
export async function watchDeletions(
  { ledger, logger }: Pick<Runtime, 'ledger' | 'logger'>,
  sync: Run,
  { changes, call }: { readonly changes: readonly Change[]; readonly call: string },
): Promise<WatchedDeletions> {
  const place: BatchPlace = { syncId: sync.runId, batch: changes[0]?.sequenceNumber ?? NO_BATCH };
  const dead = await findDeleting(ledger, place);
  for (const tableName of dead?.tables ?? []) await warnOfUnseenDeletion(ledger, sync, tableName);
  if (dead !== undefined) await forgetDeleting(ledger, place, dead.call);
  const tables = new Set<string>();
  // One after the other: the last one names all tables.
  let noted = Promise.resolve();
  return {
    before(tableName) {
      if (tables.has(tableName)) return noted;
      tables.add(tableName);
      const deleting = { call, tables: [...tables] };
      noted = noted.then(() => noteDeleting(ledger, place, deleting));
      return noted;
    },
    async end() {
      if (tables.size === 0) return;
      await forgetDeleting(ledger, place, call).catch((error: unknown) => {
        logger.warn('A call stays noted as deleting', { syncId: sync.runId, error });
      });
    },
  };
}
