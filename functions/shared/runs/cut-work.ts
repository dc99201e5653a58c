/** A worker's share of a cap below this would not carry one batch of 25 items a second. */
const UNITS_PER_WORKER = 25;

/** A segment or shard larger than this is cut, where that costs no history (DISTRIBUTED). */
export const BYTES_PER_ITERATION = 256 * 2 ** 20;

/** Workers that a cap carries, in capacity units a second; 0: no cap. */
export function workersWithin(unitsPerSecond: number): number {
  if (unitsPerSecond === 0) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor(unitsPerSecond / UNITS_PER_WORKER));
}

/** `[0..count-1]`: what a Map is given. */
export function indexesTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
