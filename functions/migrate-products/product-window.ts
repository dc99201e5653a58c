import type { FilesCursor } from '../shared/files/read-products.ts';

const TALLY_NAMES = [
  /** Target items in place. */
  'items',
  'metadata',
  'variants',
  /** Items that were there before the run; replaced, changed and outdated ones are among them. */
  'alreadyPresent',
  /** Items of an earlier migration that were brought up to date. */
  'replaced',
  /** Items that `replace` left alone, because they are not as a migration wrote them. */
  'keptChanged',
  /** Items that `replace` left alone, because they have more attributes than a condition can name. */
  'keptTooLarge',
  /** Items of earlier migrations that `replace` removed, because their product no longer has them. */
  'staleRemoved',
  /** Items of an earlier migration that `keep` left alone, though the source has changed since. */
  'outdated',
  /** Products that have no items. */
  'quarantined',
] as const;

/** What became of one or more products; the names are those of the shard's counters. */
export type ProductTally = Record<(typeof TALLY_NAMES)[number], number>;

/** A product that has been read. */
export interface PendingProduct {
  /** Items that are not in place yet. */
  remaining: number;
  readonly tally: ProductTally;
  /** `<segment>-<sequence>` of the data file it comes from. */
  readonly stem: string;
  /** Where a turn goes on that has finished this one. */
  readonly next: FilesCursor;
}

/**
 * The products under way, in the order in which they were read. Items are written in any order and
 * retried as they fail; a checkpoint counts only products before which nothing is missing.
 */
export interface ProductWindow {
  add(product: PendingProduct): void;
  /** Moves past every product that is done. @returns where that is, and what this window has added up to it */
  advance(): { readonly cursor: FilesCursor; readonly totals: ProductTally };
  /** Products read, of which at least one item is missing. */
  readonly size: number;
}

const emptyTally = (): ProductTally => ({
  items: 0,
  metadata: 0,
  variants: 0,
  alreadyPresent: 0,
  replaced: 0,
  keptChanged: 0,
  keptTooLarge: 0,
  staleRemoved: 0,
  outdated: 0,
  quarantined: 0,
});

/** The tally of a product with this many items; with none, it is in quarantine. */
export function tallyOf(itemCount: number): ProductTally {
  if (itemCount === 0) return { ...emptyTally(), quarantined: 1 };
  return { ...emptyTally(), items: itemCount, metadata: 1, variants: itemCount - 1 };
}

/** An empty window behind a checkpoint. */
export function createProductWindow(start: FilesCursor): ProductWindow {
  const totals = emptyTally();
  let pending: PendingProduct[] = [];
  let cursor = start;
  return {
    add(product) {
      pending.push(product);
    },
    advance() {
      const firstOpen = pending.findIndex(({ remaining }) => remaining > 0);
      const done = pending.slice(0, firstOpen === -1 ? pending.length : firstOpen);
      for (const { tally } of done) for (const name of TALLY_NAMES) totals[name] += tally[name];
      cursor = done.at(-1)?.next ?? cursor;
      pending = pending.slice(done.length);
      return { cursor, totals: { ...totals } };
    },
    get size() {
      return pending.length;
    },
  };
}
