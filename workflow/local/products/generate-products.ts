import { generate } from '#migration/generate.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { seededRandom } from '../gateway/seeded-random.ts';

/** How many source items, and which: the same seed makes the same ones. */
export interface GenerateOptions {
  readonly count: number;
  readonly seed?: number;
}

/** Source items of the migration, as its `generate.ts` makes them up. */
export function generateProducts({ count, seed = 1 }: GenerateOptions): Iterable<WireItem> {
  return generate(count, seededRandom(seed));
}
