import { leastSparedWriteUnits, sparedReadUnits, type TableCapacity } from '../aws/live-capacity.ts';
import type { MapMode } from '../cost/history.ts';
import type { Plan } from '../state.ts';

/** What bounds the workers of a run. */
export interface WorkerBounds {
  readonly mapMode: MapMode;
  /** Workers that were asked for, by the input or by the deployment. */
  readonly asked: number;
  /** Capacity units a second that they share, for each kind of request; 0: no cap. */
  readonly capsPerSecond: readonly number[];
  /** Workers beyond which more are of no use, or not to be had. */
  readonly others: readonly number[];
}

/** As many workers as everything allows, one at least. */
export function workersFor({ mapMode, asked, capsPerSecond, others }: WorkerBounds): number {
  const atOnce = mapMode === 'INLINE' ? MAX_INLINE_WORKERS : MAX_ITERATIONS;
  return Math.max(1, Math.min(asked, atOnce, ...others, ...capsPerSecond.map(workersWithin)));
}

/** How much there is to cut. */
export interface Cut {
  readonly mapMode: MapMode;
  readonly workers: number;
  readonly bytes: number;
  /** Iterations that are needed for another reason than the bytes; default 0. */
  readonly needed?: number;
}

/** As many rounds as are useful, each of them full. A last round of a few would leave the other workers idle. */
export function iterationsFor({ mapMode, workers, bytes, needed = 0 }: Cut): number {
  const byBytes = mapMode === 'INLINE' ? 0 : bytes / BYTES_PER_ITERATION;
  const rounds = Math.ceil(Math.max(byBytes, needed) / workers);
  return workers * Math.max(1, Math.min(rounds, Math.floor(MAX_ITERATIONS / workers)));
}

/** `[0..count-1]`: what a Map is given. */
export function indexesTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Who works in the one Lambda of a step called alone, and on which tables. */
export interface StepAlone {
  /** Side by side; default 1. */
  readonly workers?: number;
  /** The table that is read; absent: nothing caps the reading. */
  readonly source?: TableCapacity;
  /** The tables that are written, as far as they exist. */
  readonly targets?: readonly (TableCapacity | undefined)[];
}

/** The plan of a step called alone. Tables in use keep half of their capacity. */
export function planAlone({ workers = 1, source, targets = [] }: StepAlone): Plan {
  return {
    ...SINGLE_PLAN,
    segments: indexesTo(workers),
    shards: indexesTo(workers),
    workers,
    readUnitsPerSecond: sparedReadUnits(source),
    writeUnitsPerSecond: leastSparedWriteUnits(targets),
  };
}

/** One worker on everything. */
export const SINGLE_PLAN: Plan = {
  segments: [0],
  shards: [0],
  workers: 1,
  itemsPerFile: 4_000,
  readUnitsPerSecond: 0,
  writeUnitsPerSecond: 0,
  estimatedProducts: 0,
  estimatedBytes: 0,
  estimate: { seconds: 0, dollars: 0 },
  warnings: [],
};

/** More iterations of an INLINE Map than this do not run at once. */
export const MAX_INLINE_WORKERS = 40;
/** A Map gets at most 1,000 numbers. A fifth of that stays free. */
const MAX_ITERATIONS = 800;
/** A segment or shard larger than this is cut, where that costs no history (DISTRIBUTED). */
const BYTES_PER_ITERATION = 256 * 2 ** 20;
/** A worker's share of a cap below this would not carry one batch of 25 items a second. */
const UNITS_PER_WORKER = 25;

/** Workers that a cap carries, in capacity units a second. */
function workersWithin(unitsPerSecond: number): number {
  if (unitsPerSecond === 0) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor(unitsPerSecond / UNITS_PER_WORKER));
}
