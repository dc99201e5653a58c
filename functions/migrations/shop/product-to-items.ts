import { migration } from '#migration/index.ts';
import { stringAttribute, type WireItem } from '../../shared/items/wire-item.ts';
import type { TransformContext } from '../../shared/migration/migration.ts';
import type { Quarantined } from '../../shared/migration/refusal.ts';

/** What a product becomes, its own item first; or why it becomes nothing. */
export type TransformResult =
  | { readonly kind: 'items'; readonly items: readonly WireItem[]; readonly texts: readonly string[] }
  | Quarantined;

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
  return ownerIdOf(item);
}

export function ownerIdOf(item: WireItem): string | undefined {
  const [filled] = migration.filled;
  const isWhole = filled?.tableKey.every(({ name, type }) => Object.hasOwn(item[name] ?? {}, type));
  const owner = isWhole === true ? filled?.sourceKeyOf(item) : undefined;
  return owner === undefined ? undefined : stringAttribute(owner, migration.source.key[0]?.name ?? '');
}
