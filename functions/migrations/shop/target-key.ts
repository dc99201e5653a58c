import { keyOf as keyAttributes } from '../../shared/items/item-key.ts';
import { stringAttribute, type WireItem } from '../../shared/items/wire-item.ts';
import type { KeySpec } from '../../shared/migration/table-spec.ts';
import { catalogueTable } from './tables/target-tables.ts';
import { shorten } from '../../shared/text.ts';

/** Key attributes of the table that products are migrated into; both are of type S. */
export const targetKeyNames: readonly string[] = keyNames(catalogueTable.key);

/** Partition key, then sort key if there is one. */
export function keyNames({ partitionKey, sortKey }: KeySpec): readonly string[] {
  return sortKey === undefined ? [partitionKey] : [partitionKey, sortKey];
}

/** The key of an item of that table, as the API takes it. */
export function keyOf(item: WireItem): WireItem {
  return keyAttributes(item, targetKeyNames);
}

/** The same text for the same key, and only for it; a key may hold any character that could separate its parts. */
export function keyIdentity(item: WireItem): string {
  return JSON.stringify(targetKeyNames.map((name) => stringAttribute(item, name)));
}

const MAX_KEY_TEXT_BYTES = 200;

/** The key as an operator can look it up, at most 200 bytes of it. */
export function keyText(item: WireItem, names = targetKeyNames): string {
  const text = names.map((name) => stringAttribute(item, name) ?? '').join(' / ');
  return shorten(text, MAX_KEY_TEXT_BYTES);
}
