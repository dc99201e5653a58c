const FIRST_WAIT_SECONDS = 1;
const LONGEST_WAIT_SECONDS = 900;
const WAIT_SHARE = 0.1;

/**
 * How long something is left alone that has taken so many seconds: a bulk put, or a roll back by another execution. A
 * tenth of them. A wait costs nine events, and an operation of a week has about 740: fewer than the 7,000 events of a
 * history that the planner leaves free.
 */
export function waitSeconds(tookSeconds: number): number {
  const seconds = Math.round(tookSeconds * WAIT_SHARE);
  return Math.max(FIRST_WAIT_SECONDS, Math.min(LONGEST_WAIT_SECONDS, seconds));
}
