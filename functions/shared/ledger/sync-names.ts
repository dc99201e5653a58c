import { type LedgerKey, type LedgerTable, syncPartition, VERSIONED } from './ledger-table.ts';
import { deleteIf, listBelow, type Stored, updateIf } from './store.ts';
import { markOf } from './sync-records.ts';

/**
 * `conflict`: a target item that the shop has changed. `quarantined`: a source item that cannot be transformed.
 * `differing`: a source item whose target items differed at the second look of a compare that does not repair.
 */
export type NamedKind = 'conflict' | 'quarantined' | 'differing';

/** A key that a sync leaves alone, and why. */
export interface NamedKey {
  readonly kind: NamedKind;
  /** For a person. */
  readonly text: string;
  /** A sentence. */
  readonly reason: string;
  /** `differing`: a target item that no write by condition can change. A person must delete it. */
  readonly isByHand?: boolean;
  /** Epoch milliseconds: when it was last seen. A compare removes what it has not seen again. */
  readonly seenAt: number;
}

/** Names a key, or notes that it was seen again. Harmless to repeat. */
export async function nameKey(
  ledger: LedgerTable,
  syncId: string,
  { isByHand = false, ...named }: NamedKey,
): Promise<void> {
  await updateIf(ledger, placeOf(syncId, named), { set: { ...VERSIONED, ...named, isByHand } });
}

const placeOf = (syncId: string, { kind, text }: NamedKey): LedgerKey => ({
  PK: syncPartition(syncId),
  SK: `NAMED#${kind}#${markOf(text)}`,
});

/** What is named now. Strongly consistent. */
export function listNamed(ledger: LedgerTable, syncId: string): Promise<readonly Stored<NamedKey>[]> {
  return listBelow<NamedKey>(ledger, { partition: syncPartition(syncId), prefix: 'NAMED#' });
}

/** Removes a name that a whole compare has not seen again. */
export function forgetNamed(ledger: LedgerTable, { PK, SK, seenAt }: Stored<NamedKey>): Promise<boolean> {
  return deleteIf(ledger, { PK, SK }, { seenAt });
}
