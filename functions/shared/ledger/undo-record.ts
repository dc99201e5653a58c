import { hash } from 'node:crypto';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { keyIdentity } from '../../migrations/shop/target-key.ts';
import type { WireItem } from '../items/wire-item.ts';
import { listBelow, type LedgerTable, undoKey, versioned } from './ledger-table.ts';
import { setExpression } from './run-update.ts';

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
  /** Marks of items that a roll back could not put back from it; they are never deleted. */
  readonly unrestored?: readonly string[];
  /** Of items that were removed: whether they have been put back since. They are put back once. */
  readonly isPutBack?: boolean;
  /** Whether the last roll back found the object as it was written. */
  readonly isReadable?: boolean;
}

/** A key in 16 characters, so that the marks of one object fit into one ledger item, whatever the keys are. */
export function keyMark(item: WireItem): string {
  return hash('sha256', keyIdentity(item), 'base64url').slice(0, 16);
}

/** Written before the first of the items is replaced. Idempotent. */
export async function saveUndoRecord(ledger: LedgerTable, runId: string, record: UndoRecord): Promise<void> {
  const { stem, number } = record;
  await ledger.client.send(
    new UpdateCommand({
      TableName: ledger.tableName,
      Key: undoKey(runId, stem, number),
      ...setExpression({ ...versioned, ...record }),
    }),
  );
}

/** Every object that the run has kept items in, by stem and number. Strongly consistent. */
export async function listUndoRecords(ledger: LedgerTable, runId: string): Promise<readonly UndoRecord[]> {
  const items = await listBelow(ledger, `RUN#${runId}`, 'UNDO#');
  return items.map(({ PK: _pk, SK: _sk, ...record }) => record as unknown as UndoRecord);
}
