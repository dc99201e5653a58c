import { canonicalJson } from '../../functions/shared/items/canonical-json.ts';
import type { WireItem } from '../../functions/shared/items/wire-item.ts';
import { SHOP_MARK } from './writing-shop.ts';

/** An item without the attributes that the shop has written. */
export interface Unmarked {
  readonly item: WireItem;
  /** Whether the shop has written to it. */
  readonly isMarked: boolean;
  /** Whether it has nothing else except its key, which means that the shop created it. */
  readonly isOfShop: boolean;
}

export function unmarked(item: WireItem): Unmarked {
  const entries = Object.entries(item);
  const rest = entries.filter(([attribute]) => !attribute.startsWith(SHOP_MARK));
  const isMarked = rest.length < entries.length;
  const isOfShop = isMarked && rest.every(([attribute]) => attribute === 'PK' || attribute === 'SK');
  return { item: isMarked ? Object.fromEntries(rest) : item, isMarked, isOfShop };
}

/**
 * A table's canonical items without what the shop has written since `before`. Left out are the shop's items, its marks,
 * and the items that stay only because they carry such a mark.
 */
export function withoutMarks(texts: readonly string[], before: readonly string[] = []): readonly string[] {
  const known = new Set(before);
  const kept = texts.flatMap((text) => {
    if (!text.includes(SHOP_MARK)) return [text];
    const { item, isMarked } = unmarked(JSON.parse(text) as WireItem);
    const bare = canonicalJson(item);
    return isMarked && !known.has(bare) ? [] : [bare];
  });
  return kept.toSorted();
}
