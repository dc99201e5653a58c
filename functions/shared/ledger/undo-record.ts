import { hash } from 'node:crypto';
import { keyIdentity, type TableKey } from '../items/item-key.ts';
import type { WireItem } from '../items/wire-item.ts';
import { ABSENT, EXISTING } from './actions.ts';
import { type LedgerTable, undoKey, VERSIONED } from './ledger-table.ts';
import { firstBetween, listBelow, query, updateIf } from './store.ts';

/** What a run put into one object below `runs/<run>/undo/` before it replaced anything; it proves that an object is missing. */
export interface UndoRecord {
  /** `<segment>-<sequence>` of the data file that the products come from. */
  readonly stem: string;
  /** Of the object, from 0, within its stem. */
  readonly number: number;
  /** Base64 SHA-256 of the object. */
  readonly sha256: string;
  /** {@link keyMark} of each item in it. */
  readonly keys: readonly string[];
  /** Marks of items that the run kept and then neither replaced nor removed. A roll back does not bring them back. */
  readonly leftAlone?: readonly string[];
  /**
   * Whether another attempt has kept the same items there. Then nobody knows which of them were left alone, because a late
   * request of either may have changed them.
   */
  readonly isShared?: boolean;
  /** Marks of items that a roll back could not put back from it; they are never deleted. */
  readonly unrestored?: readonly string[];
  /** Of items that were removed: whether they have been put back since. They are put back once. */
  readonly isPutBack?: boolean;
  /** Whether the last roll back found the object as it was written. */
  readonly isReadable?: boolean;
}

/** A key in 16 characters, so that the marks of one object fit into one ledger item, whatever the keys are. */
export function keyMark(item: WireItem, key: TableKey): string {
  return hash('sha256', keyIdentity(item, key), 'base64url').slice(0, 16);
}

/** Written before the first of the items is replaced or removed. Idempotent. */
export async function saveUndoRecord(ledger: LedgerTable, runId: string, record: UndoRecord): Promise<void> {
  const { stem, number } = record;
  await updateIf(ledger, undoKey(runId, stem, number), { set: { ...VERSIONED, ...record } });
}

/** Written by the attempt that has kept the items, unless another one has kept the same. Idempotent. */
export async function noteLeftAlone(
  ledger: LedgerTable,
  runId: string,
  { stem, number, leftAlone }: Required<Pick<UndoRecord, 'stem' | 'number' | 'leftAlone'>>,
): Promise<void> {
  const isOwn = { ...EXISTING, isShared: ABSENT };
  await updateIf(ledger, undoKey(runId, stem, number), { if: isOwn, set: { leftAlone } });
}

/** The objects that the run has kept items of one data file in. Strongly consistent. */
export async function listUndoRecords(
  ledger: LedgerTable,
  { runId, stem }: { readonly runId: string; readonly stem: string },
): Promise<readonly UndoRecord[]> {
  const { partition, prefix } = placeOf(runId, stem);
  const items = await listBelow<UndoRecord>(ledger, { partition, prefix });
  return items.map(({ PK: _pk, SK: _sk, ...record }) => record);
}

/** Data files whose items the run has kept. A run may have hundreds of thousands of records: one of each is read. */
export async function listUndoStems(ledger: LedgerTable, runId: string): Promise<readonly string[]> {
  const stems: string[] = [];
  for (let after = 'UNDO#'; ;) {
    const found = await firstBetween<UndoRecord>(ledger, {
      partition: `RUN#${runId}`,
      from: after,
      to: BEHIND_ALL,
    });
    if (found === undefined) return stems;
    stems.push(found.stem);
    after = `${placeOf(runId, found.stem).prefix}${BEHIND_NUMBERS}`;
  }
}

/** A record of which a roll back could not put everything back. */
export type UnrestoredRecord = Pick<UndoRecord, 'stem' | 'number' | 'sha256' | 'isReadable'> &
  Required<Pick<UndoRecord, 'unrestored'>>;

/** Every record of the run that a roll back could not put all back from, read one page at a time. Strongly consistent. */
export async function* unrestoredRecords(
  ledger: LedgerTable,
  runId: string,
): AsyncGenerator<UnrestoredRecord> {
  for await (const { stem, number, sha256, isReadable, unrestored = [] } of query<UndoRecord>(ledger, {
    KeyConditionExpression: 'PK = :partition AND begins_with(SK, :prefix)',
    ExpressionAttributeValues: { ':partition': `RUN#${runId}`, ':prefix': 'UNDO#' },
    ConsistentRead: true,
  }))
    if (unrestored.length > 0)
      yield { stem, number, sha256, unrestored, ...(isReadable !== undefined && { isReadable }) };
}

const placeOf = (runId: string, stem: string) => ({ partition: `RUN#${runId}`, prefix: `UNDO#${stem}#` });
/** Sorts behind every number, and behind every sort key that begins with `UNDO#`. */
const BEHIND_NUMBERS = '~';
const BEHIND_ALL = 'UNDO#~';
