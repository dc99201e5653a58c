/** Units a second that one worker with a whole CPU can use: four strongly consistent 1 MB pages. */
export const READ_UNITS_PER_WORKER = 1_000;
/** Eight batches of 25 in flight, 100 ms each. */
export const WRITE_UNITS_PER_WORKER = 2_000;
/** Read from S3, gunzipped, digested and transformed. */
export const PRODUCTS_PER_WORKER = 4_000;

/** What one on-demand table takes by quota, and as much when it is read: units a second. */
export const TABLE_QUOTA = 40_000;
/** What an on-demand table serves before it has ever been busier, units a second. */
export const COLD_READ_UNITS_PER_SECOND = 12_000;

/** A new on-demand table takes this many write units a second at first ... */
const COLD_WRITE_UNITS_PER_SECOND = 4_000;
/** ... and twice its last peak once that is this old. */
const DOUBLING_SECONDS = 1_800;

/** The lowest of the cap (0: none), what the workers can use, and the table's own limit. */
export function sustainedRate(of: {
  readonly capPerSecond: number;
  readonly workers: number;
  readonly perWorker: number;
  readonly quota: number;
}): number {
  const cap = of.capPerSecond > 0 ? of.capPerSecond : Number.POSITIVE_INFINITY;
  return Math.min(cap, of.workers * of.perWorker, of.quota);
}

/**
 * Seconds to write `units` at no more than `rate` into a new on-demand table: 4,000 units a second for the
 * first half hour, then 8,000, 16,000 ...
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html
 */
export function coldSeconds(units: number, rate: number): number {
  let seconds = 0;
  let left = units;
  let limit = COLD_WRITE_UNITS_PER_SECOND;
  while (limit < rate && left > limit * DOUBLING_SECONDS) {
    left -= limit * DOUBLING_SECONDS;
    seconds += DOUBLING_SECONDS;
    limit *= 2;
  }
  return seconds + left / Math.min(limit, rate);
}
