import type { MapMode } from '../../../functions/shared/cost/history.ts';
import { type RefusedRun, type ScaledRun, scaleRun, type Thought } from './scale-run.ts';

export const MAP_MODES: readonly MapMode[] = ['INLINE', 'DISTRIBUTED'];
const SMALLEST = 1_000;

/** Plans each size in each mode of the Maps. */
export function scaleSizes(
  about: Omit<Thought, 'products'>,
  sizes: readonly number[],
  modes: readonly MapMode[] = MAP_MODES,
): readonly (ScaledRun | RefusedRun)[] {
  return sizes.flatMap((products) => modes.map((mode) => scaleRun({ ...about, products }, mode)));
}

/** Powers of ten from 1,000 on, and at last the size itself: how the figures grow is part of the answer. */
export function sizesUpTo(products: number): readonly number[] {
  const sizes: number[] = [];
  for (let size = SMALLEST; size < products; size *= 10) sizes.push(size);
  return [...sizes, products];
}
