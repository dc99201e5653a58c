import { stringAttribute, type WireItem } from '../../shared/items/wire-item.ts';
import type { TransformContext } from '../../shared/migration/migration.ts';
import type { Quarantined } from '../../shared/migration/refusal.ts';
import { migration } from './index.ts';
import { METADATA_SORT_KEY, productIn } from './tables/products-enhanced.ts';

/** What a product becomes, its own item first; or why it becomes nothing. */
export type TransformResult =
  | { readonly kind: 'items'; readonly items: readonly WireItem[]; readonly texts: readonly string[] }
  | Quarantined;

export const madeTimes: readonly string[] = migration.madeAttributes;

export function productToItems(product: WireItem, context: TransformContext): TransformResult {
  const result = migration.transform(product, context);
  if (result.kind === 'quarantined') return result;
  return {
    ...result,
    items: result.items.map(({ item }) => item),
    texts: result.items.map(({ text }) => text),
  };
}

export function productIdOf(item: WireItem): string | undefined {
  return stringAttribute(item, 'SK') === METADATA_SORT_KEY ? ownerIdOf(item) : undefined;
}

export function ownerIdOf(item: WireItem): string | undefined {
  return productIn(stringAttribute(item, 'PK') ?? '');
}
