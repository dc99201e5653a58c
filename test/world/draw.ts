import type { Scheduler } from './scheduler.ts';

/** One to `most` of something. */
export function several<T>(draw: Scheduler, most: number, one: () => T): readonly T[] {
  return Array.from({ length: draw.between(1, most) }, one);
}

/** Nothing is on more often than this: where everything is on, one fault hides another. */
const MOST = 0.8;

/** A probability that grows with the density of a world (1: ordinary). */
export const denser = (share: number, density: number): number => Math.min(MOST, density * share);
