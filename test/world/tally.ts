import type { Shrunk } from './shrink.ts';
import type { WorldResult } from './run-world.ts';

/** What many worlds have shown together. */
export interface Tally {
  runs: number;
  violations: number;
  /** Runs of the service in all these worlds: migrations and syncs. */
  serviceRuns: number;
  /** By name: misfortunes and acts. */
  readonly kinds: Record<string, number>;
  /** By name: worlds that had some of it. */
  readonly worldsWith: Record<string, number>;
  /** Worlds by their theme. */
  readonly themes: Record<string, number>;
  /** Statuses of the runs of a world, in their order. */
  readonly ends: Record<string, number>;
  /** By machine, state and error: how often a state has failed in the end. */
  readonly stateFailures: Record<string, number>;
  /** Worlds by their number of events, rounded up to a power of two. */
  readonly lengths: Record<string, number>;
  events: number;
  virtualMillis: number;
  readonly failures: Shrunk[];
}

export function emptyTally(): Tally {
  return {
    runs: 0,
    violations: 0,
    serviceRuns: 0,
    kinds: {},
    worldsWith: {},
    themes: {},
    ends: {},
    stateFailures: {},
    lengths: {},
    events: 0,
    virtualMillis: 0,
    failures: [],
  };
}

const count = (counts: Record<string, number>, name: string, more = 1): void => {
  counts[name] = (counts[name] ?? 0) + more;
};

export function countWorld(
  tally: Tally,
  { theme, struck, ends, stateFailures, events, virtualMillis, violations }: WorldResult,
): void {
  tally.runs += 1;
  if (violations.length > 0) tally.violations += 1;
  for (const { kind, what } of struck) count(tally.kinds, nameOf(kind, what));
  for (const name of new Set(struck.map(({ kind, what }) => nameOf(kind, what))))
    count(tally.worldsWith, name);
  count(tally.themes, theme ?? 'none');
  count(tally.ends, ends.join(', ') || 'no run began');
  for (const failure of stateFailures) count(tally.stateFailures, failure);
  count(tally.lengths, String(2 ** Math.ceil(Math.log2(Math.max(1, events)))));
  tally.serviceRuns += ends.length;
  tally.events += events;
  tally.virtualMillis += virtualMillis;
}

const ACTORS = new Set(['shop', 'operator', 'tamperer', 'sync']);

const nameOf = (kind: string, what: string): string => (ACTORS.has(kind) ? `${kind}: ${what}` : kind);

export function addTally(sum: Tally, part: Tally): void {
  sum.runs += part.runs;
  sum.violations += part.violations;
  sum.serviceRuns += part.serviceRuns;
  sum.events += part.events;
  sum.virtualMillis += part.virtualMillis;
  for (const name of ['kinds', 'worldsWith', 'themes', 'ends', 'stateFailures', 'lengths'] as const)
    for (const [key, value] of Object.entries(part[name])) count(sum[name], key, value);
  sum.failures.push(...part.failures);
}
