import { migration } from '../../../functions/migrations/shop/index.ts';
import { keyOf, keyText } from '../../../functions/shared/items/item-key.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { noted, sizedProduct } from '../migrate/migrate-bench.ts';
import { type CompareBench, madeOf } from './compare-bench.ts';

export const SOURCE = 'products';
export const TARGET = 'products-enhanced';
export const KEY = [
  { name: 'PK', type: 'S' },
  { name: 'SK', type: 'S' },
] as const;

/** What the product of this number becomes: METADATA, then a variant for each size. */
export const itemsOf = (id: number, more: WireItem = {}): readonly WireItem[] =>
  madeOf(migration, [sizedProduct(id, more)]).map(({ item }) => item);
export const textOf = (item: WireItem | undefined): string => keyText(item ?? {}, KEY);
export const sizes = (...names: string[]): WireItem => ({ sizes: { L: names.map((S) => ({ S })) } });

export const SMALL = 1;

/** Something of every kind, for eight of twelve products. */
export async function drift(world: CompareBench): Promise<void> {
  await world.remove(TARGET, keyOf(itemsOf(1)[SMALL] ?? {}, KEY));
  await world.put(SOURCE, sizedProduct(2, { price: { S: '170' } }), sizedProduct(100));
  await world.put(TARGET, ...itemsOf(4, sizes('XXL')).slice(SMALL));
  await world.remove(SOURCE, { id: { S: 'p-5' } });
  await world.put(SOURCE, sizedProduct(6, { name: { S: '' } }));
  await world.put(TARGET, noted(itemsOf(7)[SMALL] ?? {}));
  await world.put(TARGET, { PK: { S: 'PRODUCT#p-8' }, SK: { S: 'REVIEW#1' }, stars: { N: '5' } });
  await world.put(TARGET, { PK: { S: 'BANNER' }, SK: { S: '1' } });
}

/** What of it stays. */
export const CONFLICTS = [
  `${TARGET}: ${textOf(itemsOf(7)[SMALL])}`,
  `${TARGET}: PRODUCT#p-8 / REVIEW#1`,
] as const;
