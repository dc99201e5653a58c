import type { Scheduler } from './scheduler.ts';

/** One to `most` of something. */
export function several<T>(draw: Scheduler, most: number, one: () => T): readonly T[] {
  return Array.from({ length: draw.between(1, most) }, one);
}
