import type { WireItem } from '../../../functions/shared/items/wire-item.ts';

const origins = new WeakMap<WireItem, string>();

/** Remembers where in a file an item was read: `products.json, line 3`. Returns the item. */
export function noteOrigin(item: WireItem, where: string): WireItem {
  origins.set(item, where);
  return item;
}

/** Where the item was read; `undefined` for one that comes from no file. */
export function originOf(item: WireItem): string | undefined {
  return origins.get(item);
}
