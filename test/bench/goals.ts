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

/** What one size shows. */
export function goalsOf(measured: ReadonlyMap<Name, Measurement>): readonly Goal[] {
  const speed = (name: Name): number => measured.get(name)?.itemsPerSecond.median ?? Number.NaN;
  const cpu = (name: Name): number => measured.get(name)?.cpuMicrosPerItem.median ?? Number.NaN;
  const peak = measured.get('migrate')?.peakMegabytes ?? Number.NaN;
  const goals = [
    atLeast('migrate / ceiling, items a second', speed('migrate') / speed('ceiling'), 0.85),
    atLeast('backup / bare Scan, items a second', speed('backup') / speed('scanCeiling'), 0.7),
    atMost('memory of a worker of migrate, MB', peak, 256),
  ];
  if (!measured.has('byHand')) return goals;
  return [
    ...goals,
    atLeast('migrate / by hand, items a second', speed('migrate') / speed('byHand'), 3),
    atMost('migrate / by hand, own processor time an item', cpu('migrate') / cpu('byHand'), 0.5),
  ];
}

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
