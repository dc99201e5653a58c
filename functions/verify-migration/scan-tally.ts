import { type DigestName, digestName } from '../shared/runs/equations.ts';
import { createTally, type SavedTally, type Tally } from '../shared/copy/verify/tally.ts';

const COUNTERS = [
  /** Items read, of all tables; those of a segment that has drifted twice. */
  'items',
  'targetItems',
  'sourceItems',
  /** Items of a target that this run created, which it has not written. */
  'foreign',
  /** Where the segment has drifted: products of the backup that the source still has. */
  'matched',
  'driftAdded',
  'driftChanged',
  'driftRemoved',
  /** Products of earlier runs, in an existing target, that the source no longer has. */
  'removedBefore',
  /** Items of earlier runs, in an existing target, that their product no longer has. */
  'staleVariants',
  'readUnits',
  'throttles',
] as const;

/** What a segment's Scans have found. `target`: of all tables together; each has one of its own by {@link digestName}. */
export type ScanTally = Tally<(typeof COUNTERS)[number], 'target' | 'source' | DigestName>;

/** A tally that continues a saved one. */
export function createScanTally(saved: SavedTally, tables: readonly string[]): ScanTally {
  return createTally({ counters: COUNTERS, sums: ['target', 'source', ...tables.map(digestName)] }, saved);
}
