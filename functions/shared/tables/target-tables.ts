import { cartTable } from './cart.ts';
import { ordersTable } from './orders.ts';
import { productsEnhancedTable } from './products-enhanced.ts';
import { returnsTable } from './returns.ts';
import type { TableSpec } from './table-spec.ts';

/** The new data model, in the order in which the tables are listed and taken back. */
export const targetTables: readonly TableSpec[] = [
  cartTable,
  ordersTable,
  returnsTable,
  productsEnhancedTable,
];

/** The one table that products are migrated into. */
export const catalogueTable: TableSpec = productsEnhancedTable;

/** The key that the source table must have; its name is a deployment parameter. */
export const sourceKey = { partitionKey: 'id', type: 'S' } as const;

/** The spec that this function creates; `undefined` where no table is created by it. */
export function tableCreatedBy(functionKey: string): TableSpec | undefined {
  return targetTables.find((spec) => spec.createdBy === functionKey);
}
