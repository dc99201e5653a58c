import { type LedgerKey, type LedgerTable, syncPartition, VERSIONED } from './ledger-table.ts';
import { deleteIf, get, listBelow, type Stored, updateIf } from './store.ts';

/** A call of a sync that deletes items. It is noted while it does so, and stays noted where it dies. */
export interface DeletingCall {
  /** Unique to the call. */
  readonly call: string;
  /** Names of the tables that it deletes from. */
  readonly tables: readonly string[];
}

/** A batch that is delivered again has the same place. */
export interface BatchPlace {
  readonly syncId: string;
  /** Sequence number of its first change. */
  readonly batch: string;
}

const keyOf = ({ syncId, batch }: BatchPlace): LedgerKey => ({
  PK: syncPartition(syncId),
  SK: `DELETING#${batch}`,
});

/** Notes a call, or more of its tables. Takes the place of an earlier call with the same batch. Safe to repeat. */
export async function noteDeleting(
  ledger: LedgerTable,
  place: BatchPlace,
  { call, tables }: DeletingCall,
): Promise<void> {
  await updateIf(ledger, keyOf(place), { set: { ...VERSIONED, call, tables } });
}

/** The call that deleted for a batch and has not come to its end. Strongly consistent. */
export function findDeleting(ledger: LedgerTable, place: BatchPlace): Promise<DeletingCall | undefined> {
  return get<DeletingCall>(ledger, keyOf(place));
}

/** All such calls of a sync. Strongly consistent. */
export function listDeleting(ledger: LedgerTable, syncId: string): Promise<readonly Stored<DeletingCall>[]> {
  return listBelow<DeletingCall>(ledger, { partition: syncPartition(syncId), prefix: 'DELETING#' });
}

/** Forgets a call that has come to its end. @returns false: another call has taken its place */
export function forgetDeleting(ledger: LedgerTable, place: BatchPlace, call: string): Promise<boolean> {
  return deleteIf(ledger, keyOf(place), { call });
}
