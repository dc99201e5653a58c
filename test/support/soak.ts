/** `npm run test:soak` sets this: so many times the cases of an ordinary run. */
const factor = Number(process.env['SOAK_FACTOR'] ?? '1');

/** Whether time does not matter: then every point of a sweep is tried, not only the telling ones. */
export const isSoak = factor > 1;

/** Number of random cases, given that of an ordinary run. */
export function caseCount(ordinary: number): number {
  return Math.ceil(ordinary * factor);
}
