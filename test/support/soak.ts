/** `npm run test:soak` sets this: so many times the cases of an ordinary run. */
const factor = Number(process.env['SOAK_FACTOR'] ?? '1');

/** Number of random cases, given that of an ordinary run. */
export function caseCount(ordinary: number): number {
  return Math.ceil(ordinary * factor);
}
