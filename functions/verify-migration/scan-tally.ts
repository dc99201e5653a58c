import { type Digest, createDigestSum, type DigestSum } from '../shared/items/digest.ts';

const COUNTERS = [
  /** Items read, of both tables. */
  'items',
  'targetItems',
  'sourceItems',
  /** Items of a target that this run created, which it has not written. */
  'foreign',
  /** Products of the backup that the source still has. */
  'matched',
  'driftAdded',
  'driftChanged',
  'driftRemoved',
  /** Products of earlier runs, in a target that was there before, which the source no longer has. */
  'removedBefore',
  /** Items of earlier runs, in a target that was there before, that their product no longer has. */
  'staleVariants',
  'readUnits',
  'throttles',
] as const;

type ScanCounter = (typeof COUNTERS)[number];

/** Kinds of keys that the report shows. */
export type ScanSample =
  | 'extra'
  | 'driftAdded'
  | 'driftChanged'
  | 'driftRemoved'
  | 'removedAtSource'
  | 'staleVariants';

/** What a segment's two scans have found; starts from a checkpoint and ends in the next one. */
export interface ScanTally {
  readonly counters: Record<ScanCounter, number>;
  readonly target: DigestSum;
  readonly source: DigestSum;
  /** Keeps the first 20 of a kind. */
  sample(kind: ScanSample, key: string): void;
  /** For a checkpoint. */
  saved(): {
    readonly counters: Readonly<Record<string, number>>;
    readonly digests: Readonly<Record<'target' | 'source', Digest>>;
    readonly samples: Readonly<Record<string, readonly string[]>>;
  };
}

interface SavedTally {
  readonly counters: Readonly<Record<string, number>>;
  readonly digests: Readonly<Record<string, Digest>>;
  readonly samples?: Readonly<Record<string, readonly string[]>>;
}

const MAX_SAMPLES = 20;

/** A tally that goes on where another was saved. */
export function createScanTally({ counters, digests, samples = {} }: SavedTally): ScanTally {
  const counts = Object.fromEntries(COUNTERS.map((name) => [name, counters[name] ?? 0]));
  const kept = new Map(Object.entries(samples).map(([kind, keys]) => [kind, [...keys]]));
  const tally = {
    counters: counts as Record<ScanCounter, number>,
    target: createDigestSum(digests['target']),
    source: createDigestSum(digests['source']),
  };
  return {
    ...tally,
    sample(kind, key) {
      const keys = kept.get(kind) ?? [];
      if (keys.length < MAX_SAMPLES) kept.set(kind, [...keys, key]);
    },
    saved: () => ({
      counters: { ...tally.counters },
      digests: { target: tally.target.value(), source: tally.source.value() },
      samples: Object.fromEntries(kept),
    }),
  };
}
