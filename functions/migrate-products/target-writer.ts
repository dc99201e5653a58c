import type { PendingLines } from '../shared/copy/load/load-window.ts';
import type { WireItem } from '../shared/items/wire-item.ts';

/** The items of one source item, which count together. */
export interface PendingProduct extends PendingLines {
  readonly tally: ProductTally;
  /** `<segment>-<sequence>` of the data file it comes from. */
  readonly stem: string;
}

/** What became of the items of one source item, by the names of the shard's counters. */
export type ProductTally = Record<TallyName, number>;

const TALLY_NAMES = [
  /** Target items in place. */
  'items',
  /** Items that existed before the run, including replaced, changed and outdated ones. */
  'alreadyPresent',
  /** Items of an earlier migration that were brought up to date. */
  'replaced',
  /** Items that `replace` left alone, because they are not as a migration wrote them. */
  'keptChanged',
  /** Items that `replace` left alone, because they have more attributes than a condition can name. */
  'keptTooLarge',
  /** Those of them that their product no longer has. */
  'staleTooLarge',
  /** Items of earlier migrations that `replace` removed, because their product no longer has them. */
  'staleRemoved',
  /** Items of an earlier migration that `keep` left alone, though the source has changed since. */
  'outdated',
] as const;
type TallyName = (typeof TALLY_NAMES)[number];

/** The tally of a source item with this many items. */
export function tallyOf(itemCount: number): ProductTally {
  const zeros = Object.fromEntries(TALLY_NAMES.map((name) => [name, 0]));
  return { ...(zeros as ProductTally), items: itemCount };
}

/** An item that must be written, and the source item that waits for it. */
export interface PendingItem {
  readonly item: WireItem;
  readonly product: PendingProduct;
}

/** Marks one of the product's items as written. */
export function noteWritten({ product }: PendingItem): void {
  product.remaining -= 1;
}
