import { attribute, type WireItem, type WireValue } from '../../../../functions/shared/items/wire-item.ts';
import { invalid } from '../errors.ts';
import type { Aws } from '../state.ts';
import type { Scope } from './expressions/scope.ts';
import type { Condition, Operand } from './expressions/syntax.ts';
import { attributesOf, hashOf, type Place, placeOfItem, placeOfKey } from './keys.ts';
import { comparePlaces, indexFrom, staleItems } from './rows.ts';
import type { Row, Table, TableIndex, TableKey } from './table-state.ts';
import { canonicalItem, compareValues, equalValues } from './values.ts';
import { sizeOf } from './size.ts';

/** Which items of a partition are wanted, and in which direction. */
export interface PartitionRows {
  readonly partition: WireValue;
  readonly onSort: Condition | undefined;
  /** Whether the item's sort key fulfils the condition. */
  readonly matches: (item: WireItem) => boolean;
  readonly scope: Scope;
  readonly isForward: boolean;
  readonly after: WireItem | undefined;
}

type Next = () => Pick<Row, 'item' | 'bytes'> | undefined;

/** Reads the table as it is at each step. */
export function tableRows(table: Table, rows: PartitionRows): Next {
  const { isForward, matches } = rows;
  const partition = Object.values(rows.partition)[0] as string;
  const place = { hash: hashOf(partition), partition };
  let last: Omit<Place, 'key'> | undefined = rows.after && startInside(table, rows.after, partition);
  const following = (): Row | undefined => {
    if (last === undefined) return isForward ? firstFrom(table, rows, place) : lastOf(table, place);
    const index = indexFrom(table, last);
    if (!isForward) return table.inOrder[index - 1];
    const row = table.inOrder[index];
    return row !== undefined && comparePlaces(row, last) === 0 ? table.inOrder[index + 1] : row;
  };
  return () => {
    for (let row = following(); row?.partition === partition; row = following()) {
      last = row;
      if (matches(row.item)) return row;
    }
    return undefined;
  };
}

function startInside(table: Table, key: WireItem, partition: string): Place {
  const place = placeOfKey(table, key);
  if (place.partition !== partition)
    throw invalid('The provided starting key is outside query boundaries based on provided conditions');
  return place;
}

/** The first row that a condition on the sort key can match. */
function firstFrom(table: Table, rows: PartitionRows, place: Omit<Place, 'key' | 'sort'>): Row | undefined {
  return table.inOrder[indexFrom(table, { ...place, sort: lowest(rows) })];
}

function lowest({ onSort, scope }: PartitionRows): WireValue | undefined {
  const bound = lowerBound(onSort);
  return bound?.kind === 'value' ? scope.valueOf(bound) : undefined;
}

function lowerBound(condition: Condition | undefined): Operand | undefined {
  if (condition?.kind === 'beginsWith') return condition.prefix;
  if (condition?.kind === 'between') return condition.from;
  const isFromBelow = condition?.kind === 'compare' && ['=', '>', '>='].includes(condition.comparator);
  return isFromBelow ? condition.right : undefined;
}

function lastOf(table: Table, place: Omit<Place, 'key' | 'sort'>): Row | undefined {
  let index = indexFrom(table, { ...place, sort: undefined });
  while (table.inOrder[index]?.partition === place.partition) index += 1;
  return table.inOrder[index - 1];
}

/** A table, or an index of it. */
interface Indexed {
  readonly table: Table;
  readonly index: TableIndex | undefined;
}

/** Reads items as an eventually consistent read sees them at its first step. */
export function indexRows(aws: Aws, indexed: Indexed, rows: PartitionRows): Next {
  const { table, index } = indexed;
  const key = index?.key ?? table.key;
  const order = orderOf(table, key);
  const isInside = (item: WireItem): boolean =>
    isIndexed(key, item) &&
    equalValues(attribute(item, key.partition.name) as WireValue, rows.partition) &&
    rows.matches(item);
  const found = itemsSeen(aws, table).filter(isInside).toSorted(order);
  if (!rows.isForward) found.reverse();
  const start = rows.after === undefined ? undefined : canonicalItem(rows.after);
  const isAfter = (item: WireItem): boolean =>
    start === undefined || (rows.isForward ? order(item, start) > 0 : order(item, start) < 0);
  const left = found.filter(isAfter).values();
  return () => {
    const { value: item } = left.next();
    return item && { item, bytes: sizeOf(item) };
  };
}

function isIndexed(key: TableKey, item: WireItem): boolean {
  return attributesOf(key).every(({ name }) => Object.hasOwn(item, name));
}

function itemsSeen(aws: Aws, table: Table): readonly WireItem[] {
  const stale = staleItems(aws, table);
  const items = table.inOrder.map(({ item }) => item);
  if (stale === undefined) return items;
  const current = table.inOrder.flatMap((row) => (stale.has(row.key) ? [] : [row.item]));
  return [...current, ...[...stale.values()].filter((item) => item !== undefined)];
}

/** By the index's sort key, then by the table's key. */
function orderOf(table: Table, key: TableKey): (one: WireItem, other: WireItem) => number {
  return (one, other) => {
    const { sort } = key;
    const bySort =
      sort === undefined
        ? 0
        : (compareValues(attribute(one, sort.name) as WireValue, attribute(other, sort.name) as WireValue) ??
          0);
    return bySort === 0 ? comparePlaces(placeOfItem(table, one), placeOfItem(table, other)) : bySort;
  };
}
