/** Units a second that one worker with a whole CPU gets through: four strongly consistent 1 MB pages. */
export const readUnitsPerWorker = 1_000;
/** Eight batches of 25 in flight, 100 ms each. */
export const writeUnitsPerWorker = 2_000;
/** Read from S3, gunzipped, digested and transformed. */
export const productsPerWorker = 4_000;

/** What an on-demand table takes by quota, units a second. */
export const tableWriteQuota = 40_000;
/** What an on-demand table serves before it has ever been busier. */
export const tableReadQuota = 12_000;

/** A new on-demand table takes this many write units a second at first ... */
export const coldWriteUnitsPerSecond = 4_000;
/** ... and twice its last peak once that is this old. */
export const doublingSeconds = 1_800;

/** The lower of the cap (0: none), what the workers get through, and the table's own limit. */
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
  let limit = coldWriteUnitsPerSecond;
  while (limit < rate && left > limit * doublingSeconds) {
    left -= limit * doublingSeconds;
    seconds += doublingSeconds;
    limit *= 2;
  }
  return seconds + left / Math.min(limit, rate);
}
