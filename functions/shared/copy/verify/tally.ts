import { MAX_SAMPLES } from '../../ledger/shard.ts';
import { createDigestSum, type DigestSum } from '../../items/digest.ts';
import type { Progress } from '../checkpoint.ts';

/** What a worker has found, absolute over its shard: starts from a checkpoint and ends in the next one. */
export interface Tally<Counter extends string = string, Sum extends string = string> {
  readonly counters: Record<Counter, number>;
  readonly sums: Readonly<Record<Sum, DigestSum>>;
  /** Keeps the first 20 of a kind. */
  sample(kind: string, text: string): void;
  /** For a checkpoint. */
  saved(): SavedTally;
}

/** A tally in a checkpoint. */
export type SavedTally = Pick<Progress<unknown>, 'counters' | 'digests' | 'samples'>;

/** What a tally counts, digests and names. */
export interface TallyNames<Counter extends string, Sum extends string> {
  readonly counters: readonly Counter[];
  readonly sums?: readonly Sum[];
  /** Kinds of samples that a checkpoint has even where there are none. */
  readonly samples?: readonly string[];
}

/** A tally that goes on where another was saved. Counters of the checkpoint that it does not name are left out. */
export function createTally<Counter extends string, Sum extends string = never>(
  { counters, sums = [], samples = [] }: TallyNames<Counter, Sum>,
  saved: SavedTally,
): Tally<Counter, Sum> {
  const counts = byName(counters, (name) => saved.counters[name] ?? 0);
  const digests = byName(sums, (name) => createDigestSum(saved.digests[name]));
  const earlier = saved.samples ?? {};
  const kept = byName([...samples, ...Object.keys(earlier)], (kind) => [...(earlier[kind] ?? [])]);
  return {
    counters: counts,
    sums: digests,
    sample(kind, text) {
      const texts = (kept[kind] ??= []);
      if (texts.length < MAX_SAMPLES) texts.push(text);
    },
    saved: () => ({
      counters: { ...counts },
      digests: byName(sums, (name) => digests[name].value()),
      samples: byName(Object.keys(kept), (kind) => [...(kept[kind] ?? [])]),
    }),
  };
}

function byName<Name extends string, T>(names: readonly Name[], of: (name: Name) => T): Record<Name, T> {
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Name, T>;
}
