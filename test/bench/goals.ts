import type { ColdStart } from './cold-start.ts';
import type { Measurement } from './measurement.ts';
import type { Name } from './round.ts';

/** A ratio that is to be reached, and whether it was. */
export interface Goal {
  readonly goal: string;
  readonly value: number;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly reached: boolean;
}

/** Measurements of one size, by name. */
export type Measured = ReadonlyMap<Name, Measurement>;

/** How it was measured, as far as a bound depends on it. */
export interface Conditions {
  readonly products: number;
  readonly workers: number;
  /** How much longer each answer takes, milliseconds. */
  readonly distance: number;
}

const MANY_PRODUCTS = 100_000;

const rounded = (number: number): number => Number(number.toFixed(3));

const atLeast = (goal: string, value: number, bound: number): Goal => ({
  goal,
  value: rounded(value),
  atLeast: bound,
  reached: value >= bound,
});
const atMost = (goal: string, value: number, bound: number): Goal => ({
  goal,
  value: rounded(value),
  atMost: bound,
  reached: value <= bound,
});

/** What one size shows. Goals of what was not measured are left out. */
export function goalsOf(measured: Measured, conditions: Conditions): readonly Goal[] {
  const isFar = conditions.distance > 0;
  const peak = measured.get('migrate')?.peakMegabytes ?? Number.NaN;
  return [
    atLeast(
      'migrate / ceiling, items a second',
      speedRatio(measured, 'migrate', 'ceiling'),
      isFar ? 0.92 : 0.95,
    ),
    atLeast(
      'backup / bare Scan, items a second',
      speedRatio(measured, 'backup', 'scanCeiling'),
      conditions.products >= MANY_PRODUCTS ? 0.85 : 0.75,
    ),
    atLeast(
      'restore / ceiling of the same items, items a second',
      speedRatio(measured, 'restore', 'restoreCeiling'),
      0.95,
    ),
    atMost('memory of a worker of migrate, MB', peak, 160),
    ...(measured.has('byHand') ? goalsByHand(measured, conditions) : []),
    ...(measured.has('peer') ? goalsOfPeer(measured) : []),
  ];
}

function goalsByHand(measured: Measured, { workers, distance }: Conditions): readonly Goal[] {
  const isFar = distance > 0;
  const speed = speedRatio(measured, 'migrate', 'byHand');
  const best = speedRatio(measured, 'ceiling', 'byHand');
  return [
    isFar
      ? atLeast(`migrate / by hand, items a second, answers ${distance} ms away`, speed, rounded(0.92 * best))
      : atLeast(`migrate / by hand, items a second, ${workers} worker(s)`, speed, workers === 1 ? 1.5 : 1.25),
    atMost(
      'migrate / by hand, own processor time an item',
      cpuAnItem(measured, 'migrate') / cpuAnItem(measured, 'byHand'),
      isFar ? 0.25 : 0.35,
    ),
    atMost(
      'backup, transform, migrate and verify / by hand, own processor time',
      cpuOf(measured, 'stages') / cpuOf(measured, 'byHand'),
      1.3,
    ),
    ...(measured.has('wholeRun')
      ? [
          atMost(
            'whole run / by hand, time',
            secondsOf(measured, 'wholeRun') / secondsOf(measured, 'byHand'),
            1.7,
          ),
        ]
      : []),
  ];
}

/** A peer that copies a table does what a backup and a restore do. */
const goalsOfPeer = (measured: Measured): readonly Goal[] => [
  atLeast('backup and restore / peer, items a second', speedRatio(measured, 'copy', 'peer'), 1),
];

const speedRatio = (measured: Measured, one: Name, other: Name): number =>
  (measured.get(one)?.itemsPerSecond.median ?? Number.NaN) /
  (measured.get(other)?.itemsPerSecond.median ?? Number.NaN);

const cpuAnItem = (measured: Measured, name: Name): number =>
  measured.get(name)?.cpuMicrosPerItem.median ?? Number.NaN;

const cpuOf = (measured: Measured, name: Name): number =>
  cpuAnItem(measured, name) * (measured.get(name)?.items ?? Number.NaN);

const secondsOf = (measured: Measured, name: Name): number =>
  measured.get(name)?.seconds.median ?? Number.NaN;

/** What two sizes show that are a factor of ten apart. */
export function growthGoals(small: Measurement, large: Measurement): readonly Goal[] {
  const factor = large.products / small.products;
  return [
    atMost(
      `memory of a worker of migrate, ${large.products} / ${small.products} products`,
      large.peakMegabytes / small.peakMegabytes,
      1.1,
    ),
    atMost(
      `time of migrate, ${large.products} / ${small.products} products, a tenfold`,
      (large.seconds.median / small.seconds.median / factor) * 10,
      11,
    ),
  ];
}

/** What the slowest function shows. */
export function coldStartGoals(starts: readonly ColdStart[]): readonly Goal[] {
  const slowest = (millisOf: (start: ColdStart) => number): number => Math.max(...starts.map(millisOf));
  return [
    atMost(
      'loading a function, ms',
      slowest(({ loadMillis }) => loadMillis),
      60,
    ),
    atMost(
      'loading a function and its first call, ms',
      slowest((start) => start.loadMillis + start.firstCallMillis),
      110,
    ),
  ];
}

/** From the command to its summary. */
export const npmStartGoals = (seconds: number): readonly Goal[] => [
  atMost('npm start, 1,000 products, seconds to the summary', seconds, 4),
];
