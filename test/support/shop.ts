import { migration } from '../../functions/migrations/shop/index.ts';
import * as itemKey from '../../functions/shared/items/item-key.ts';
import type { WireItem } from '../../functions/shared/items/wire-item.ts';
import type { Run } from '../../functions/shared/ledger/run.ts';
import type { FilledTable, TransformContext } from '../../functions/shared/migration/migration.ts';
import type { Quarantined } from '../../functions/shared/migration/refusal.ts';
import type { TableSpec } from '../../functions/shared/migration/table-spec.ts';

/** The shop's tables, in the definition's order. */
export const targetTables: readonly TableSpec[] = migration.targets;

/** The table that products go into. */
export const [catalogueTable] = migration.filled as readonly [FilledTable];

/** The table that products come from. */
export const sourceTableName = migration.source.name;

/** The items that a product becomes, METADATA first, or the reason for its refusal. */
export type TransformResult =
  | { readonly kind: 'items'; readonly items: readonly WireItem[]; readonly texts: readonly string[] }
  | Quarantined;

export function productToItems(product: WireItem, context: TransformContext): TransformResult {
  const result = migration.transform(product, context);
  if (result.kind === 'quarantined') return result;
  return {
    kind: 'items',
    items: result.items.map(({ item }) => item),
    texts: result.items.map(({ text }) => text),
  };
}

/** The context of a run's transform. */
export function transformContext({
  runId,
  startedAt,
  settings,
}: Pick<Run, 'runId' | 'startedAt' | 'settings'>): TransformContext {
  return { runId, startedAt, settings: settings.migration ?? migration.settings };
}

/** The key of an item of `products-enhanced`, in the forms that tests use. */
export const keyOf = (item: WireItem): WireItem => itemKey.keyOf(item, catalogueTable.tableKey);
export const keyIdentity = (item: WireItem): string => itemKey.keyIdentity(item, catalogueTable.tableKey);
export const keyText = (item: WireItem): string => itemKey.keyText(item, catalogueTable.tableKey);
