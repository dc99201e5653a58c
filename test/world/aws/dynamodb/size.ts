import { itemSizeBytes } from '../../../../functions/shared/items/item-size.ts';
import type { WireItem } from '../../../../functions/shared/items/wire-item.ts';

const known = new WeakMap<WireItem, number>();

/** {@link itemSizeBytes} of an item that is never changed, worked out once. */
export function sizeOf(item: WireItem): number {
  const size = known.get(item) ?? itemSizeBytes(item);
  known.set(item, size);
  return size;
}
