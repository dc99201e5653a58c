/** How many times the cases of an ordinary run are tried. `npm run test:soak` sets it. */
const factor = Number(process.env['SOAK_FACTOR'] ?? '1');

/**
 * Whether this is a soak. Then time does not matter, and every point of a sweep is tried, not only the important ones.
 */
export const isSoak = factor > 1;

/** Number of random cases, given the number in an ordinary run. */
export function caseCount(ordinary: number): number {
  return Math.ceil(ordinary * factor);
}

/**
 * Every ordinary run has the same cases, so that a failure comes from the change. Each soak has others. `FAULT_SEED`
 * repeats one.
 */
export function faultSeed(): number {
  const given = process.env['FAULT_SEED'];
  return given === undefined ? (isSoak ? Date.now() % 2_147_483_647 : 170_980_920) : Number(given);
}
