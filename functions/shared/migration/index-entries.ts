import { BYTES_PER_WRITE_UNIT, itemSizeBytes, OVERHEAD_BYTES_PER_ITEM } from '../items/item-size.ts';
import { attribute, type WireItem } from '../items/wire-item.ts';
import type { IndexSpec, KeySpec, TableSpec } from './table-spec.ts';

/** What a new item takes in the indexes of its table. */
export interface IndexLoad {
  readonly writeUnits: number;
  /** What is stored, and paid for every month. */
  readonly storageBytes: number;
}

/**
 * An index has an entry for each item that has all attributes of the index's key: the whole item, or both keys alone.
 * Writing the entry costs what writing an item of its size costs.
 *
 * @param itemBytes by DynamoDB's size rule
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes
 */
export function indexLoad(
  item: WireItem,
  itemBytes: number,
  { key, indexes }: Pick<TableSpec, 'key' | 'indexes'>,
): IndexLoad {
  const entries = indexes
    .filter((index) => namesOf(index.key).every((name) => attribute(item, name) !== undefined))
    .map((index) => (index.projection === 'ALL' ? itemBytes : keysBytes(item, key, index)));
  const sum = (bytesOf: (bytes: number) => number): number =>
    entries.reduce((total, bytes) => total + bytesOf(bytes), 0);
  return {
    writeUnits: sum((bytes) => Math.ceil(bytes / BYTES_PER_WRITE_UNIT)),
    storageBytes: sum((bytes) => bytes + OVERHEAD_BYTES_PER_ITEM),
  };
}

const namesOf = ({ partitionKey, sortKey }: KeySpec): readonly string[] =>
  sortKey === undefined ? [partitionKey] : [partitionKey, sortKey];

function keysBytes(item: WireItem, key: KeySpec, index: IndexSpec): number {
  const names = new Set([...namesOf(key), ...namesOf(index.key)]);
  return itemSizeBytes(Object.fromEntries(Object.entries(item).filter(([name]) => names.has(name))));
}
