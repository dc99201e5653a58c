/** `npm run test:soak` sets this: so many times the cases of an ordinary run. */
const factor = Number(process.env['SOAK_FACTOR'] ?? '1');

/** Whether time does not matter: then every point of a sweep is tried, not only the telling ones. */
export const isSoak = factor > 1;

/** Number of random cases, given that of an ordinary run. */
export function caseCount(ordinary: number): number {
  return Math.ceil(ordinary * factor);
}

/** The same cases in every ordinary run, so that a red one is a change's doing; others in each soak. `FAULT_SEED` repeats one. */
export function faultSeed(): number {
  const given = process.env['FAULT_SEED'];
  return given === undefined ? (isSoak ? Date.now() % 2_147_483_647 : 170_980_920) : Number(given);
}
