import { canonicalJson } from '../items/canonical-json.ts';
import { keyOf } from '../items/item-key.ts';
import type { WireItem } from '../items/wire-item.ts';
import type { FilledTable } from './migration.ts';

/** The key of the source item that an item of a filled table belongs to; `undefined` where it belongs to none. */
export function ownerKeyOf(item: WireItem, { tableKey, sourceKeyOf }: FilledTable): WireItem | undefined {
  return sourceKeyOf(keyOf(item, tableKey));
}

/** The same text for items of one source item, and only for them. */
export function ownerOf(item: WireItem, table: FilledTable): string | undefined {
  const key = ownerKeyOf(item, table);
  return key === undefined ? undefined : canonicalJson(key);
}
