import { targetKeyNames } from './target-key.ts';
import {
  itemSizeBytes,
  MAX_ITEM_BYTES,
  MAX_PARTITION_KEY_BYTES,
  MAX_SORT_KEY_BYTES,
} from '../../shared/items/item-size.ts';
import { stringAttribute, type WireItem } from '../../shared/items/wire-item.ts';
import { present } from './present.ts';
import { refuse } from './quarantine.ts';

/** Every item gets these from the migration: a source that had them would lose its own. */
export const RESERVED_IN_EVERY_ITEM: readonly string[] = [
  ...targetKeyNames,
  'migrationRun',
  'migrationDigest',
];

const KEY_LIMITS = targetKeyNames.map((name, index) => ({
  name,
  maxBytes: index === 0 ? MAX_PARTITION_KEY_BYTES : MAX_SORT_KEY_BYTES,
}));

/** @throws ProductRefusal `ReservedAttribute` where a source has attributes that its item is given anew */
export function refuseReserved(reserved: readonly string[], attributes: WireItem, label: string): void {
  const found = reserved.filter((name) => present(attributes, name) !== undefined);
  if (found.length === 0) return;
  refuse('ReservedAttribute', `${label} has ${found.join(', ')}, which the new data model uses itself.`);
}

/** @throws ProductRefusal `KeyTooLong` where DynamoDB would refuse the item */
export function refuseLongKeys(item: WireItem, label: string): void {
  for (const { name, maxBytes } of KEY_LIMITS) {
    const bytes = Buffer.byteLength(stringAttribute(item, name) ?? '');
    if (bytes > maxBytes)
      refuse(
        'KeyTooLong',
        `${label} becomes an item with a ${name} of ${bytes} bytes; DynamoDB takes ${maxBytes}.`,
      );
  }
}

/** @throws ProductRefusal `ItemTooLarge` where DynamoDB would refuse the item */
export function refuseOversized(item: WireItem, label: string): void {
  const bytes = itemSizeBytes(item);
  if (bytes <= MAX_ITEM_BYTES) return;
  refuse('ItemTooLarge', `${label} becomes an item of ${bytes} bytes; DynamoDB takes ${MAX_ITEM_BYTES}.`);
}
