import { type LedgerKey, type LedgerTable, syncPartition, VERSIONED } from './ledger-table.ts';
import { get, updateIf } from './store.ts';
import { markOf, type PendingPlace } from './sync-records.ts';

/** The last write of a source item that DynamoDB has refused for good. A compare that may not write knows it from here. */
export interface RefusedWrite {
  /** Of what was to be written, and of the indexes that it was written under. Any other write has another mark. */
  readonly mark: string;
  /** A sentence. */
  readonly reason: string;
}

const keyOf = ({ syncId, identity }: PendingPlace): LedgerKey => ({
  PK: syncPartition(syncId),
  SK: `REFUSED#${markOf(identity)}`,
});

/** Takes the place of an earlier one of the same source item. Safe to repeat. */
export async function noteRefusedWrite(
  ledger: LedgerTable,
  place: PendingPlace,
  { mark, reason }: RefusedWrite,
): Promise<void> {
  await updateIf(ledger, keyOf(place), { set: { ...VERSIONED, mark, reason } });
}

/** Strongly consistent; `undefined` where DynamoDB has refused nothing of this source item. */
export function findRefusedWrite(
  ledger: LedgerTable,
  place: PendingPlace,
): Promise<RefusedWrite | undefined> {
  return get<RefusedWrite>(ledger, keyOf(place));
}
