import * as itemKey from '../../shared/items/item-key.ts';
import type { WireItem } from '../../shared/items/wire-item.ts';
import { keyOfSpec } from '../../shared/migration/table-spec.ts';
import { catalogueTable, sourceKey } from './tables/target-tables.ts';

/** The key of the table that products are migrated into. */
export const targetKey: itemKey.TableKey = keyOfSpec(catalogueTable);
/** Names of its attributes, the partition key first. */
export const targetKeyNames: readonly string[] = targetKey.map(({ name }) => name);

/** The key of the table that products come from. */
export const sourceTableKey: itemKey.TableKey = [{ name: sourceKey.partitionKey, type: sourceKey.type }];

/** The key of an item of the target, as the API takes it. */
export function keyOf(item: WireItem): WireItem {
  return itemKey.keyOf(item, targetKey);
}

/** The identity of the key of an item of the target. */
export function keyIdentity(item: WireItem): string {
  return itemKey.keyIdentity(item, targetKey);
}

/** The key of an item of the target as an operator can look it up. */
export function keyText(item: WireItem): string {
  return itemKey.keyText(item, targetKey);
}
