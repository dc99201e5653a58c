import { MAX_ITEM_BYTES } from '../../../../functions/shared/items/item-size.ts';
import type { WireItem } from '../../../../functions/shared/items/wire-item.ts';
import { dynamoError, invalid } from '../errors.ts';
import type { Aws } from '../state.ts';
import { keyOf, type Place } from './keys.ts';
import { recordChange } from './streams.ts';
import type { Row, Table } from './table-state.ts';
import { compareText, compareValues } from './values.ts';
import { sizeOf } from './size.ts';

/** As many changes as an eventually consistent read may be behind ... */
const MAX_RECENT = 16;
/** ... and as long ago. */
const STALE_MILLIS = 2_000;

/** The item in a place, as the last write left it. */
export function itemAt(table: Table, { key }: Place): WireItem | undefined {
  return table.rows.get(key)?.item;
}

/** What a write does to one item. */
export interface RowChange {
  readonly place: Place;
  /** In canonical form; absent: the item is deleted. */
  readonly after: WireItem | undefined;
  readonly isExpiry?: boolean;
}

/** Writes one item, and records the change. @throws ValidationException where the item is too large */
export function writeRow(aws: Aws, table: Table, { place, after, isExpiry = false }: RowChange): void {
  const row = table.rows.get(place.key);
  const before = row?.item;
  if (after === undefined && row === undefined) return;
  const bytes = after === undefined ? 0 : checkedSize(after);
  if (after === undefined) removeRow(table, place);
  else if (row === undefined) addRow(table, { ...place, item: after, bytes });
  else Object.assign(row, { item: after, bytes });
  noteRecent(aws, table, { at: aws.now(), key: place.key, before });
  if (table.streamArn === undefined) return;
  const keys = keyOf(table.key, after ?? before ?? {});
  recordChange(aws, table.streamArn, { hash: place.hash, keys, before, after, isExpiry });
}

function checkedSize(item: WireItem): number {
  const bytes = sizeOf(item);
  if (bytes > MAX_ITEM_BYTES) throw invalid('Item size has exceeded the maximum allowed size');
  return bytes;
}

function addRow(table: Table, row: Row): void {
  table.rows.set(row.key, row);
  table.inOrder.splice(indexFrom(table, row), 0, row);
}

function removeRow(table: Table, place: Place): void {
  table.rows.delete(place.key);
  table.inOrder.splice(indexFrom(table, place), 1);
}

function noteRecent(aws: Aws, { recent }: Table, change: Table['recent'][number]): void {
  recent.push(change);
  const isOld = (): boolean => recent.length > MAX_RECENT || (recent[0]?.at ?? 0) < aws.now() - STALE_MILLIS;
  while (isOld()) recent.shift();
}

/** Index of the first row that does not come before the place. */
export function indexFrom({ inOrder }: Table, place: Omit<Place, 'key'>): number {
  let low = 0;
  let high = inOrder.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (comparePlaces(inOrder[middle] as Row, place) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The order of a Scan. A place without sort key comes before all items of its partition. */
export function comparePlaces(one: Omit<Place, 'key'>, other: Omit<Place, 'key'>): number {
  if (one.hash !== other.hash) return one.hash - other.hash;
  if (one.partition !== other.partition) return compareText(one.partition, other.partition);
  if (one.sort === undefined || other.sort === undefined)
    return Number(one.sort !== undefined) - Number(other.sort !== undefined);
  return compareValues(one.sort, other.sort) ?? 0;
}

/** The row after a place; `undefined` at the end. */
export function rowAfter(table: Table, place: Omit<Place, 'key'> | undefined): Row | undefined {
  if (place === undefined) return table.inOrder[0];
  const index = indexFrom(table, place);
  const row = table.inOrder[index];
  const isItself = row !== undefined && comparePlaces(row, place) === 0;
  return isItself ? table.inOrder[index + 1] : row;
}

/**
 * Items as an eventually consistent read sees them: as they are, or as they were before some of the last changes.
 * `undefined`: as they are.
 */
export function staleItems(aws: Aws, table: Table): ReadonlyMap<string, WireItem | undefined> | undefined {
  const since = aws.now() - STALE_MILLIS;
  const unseen = table.recent.filter(({ at }) => at >= since);
  const missed = aws.choose(unseen.length + 1, `changes of ${table.name} that a read does not show yet`);
  if (missed === 0) return undefined;
  const items = new Map<string, WireItem | undefined>();
  for (const { key, before } of unseen.slice(-missed).toReversed()) items.set(key, before);
  return items;
}

/** @throws TransactionConflictException while a transaction is at the item */
export function assertUnlocked(table: Table, { key }: Place): void {
  if (!table.locks.has(key)) return;
  throw dynamoError('TransactionConflictException', 'Transaction is ongoing for the item');
}
