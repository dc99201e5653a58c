import { cartTable } from './cart.ts';
import { ordersTable } from './orders.ts';
import { productsEnhancedTable } from './products-enhanced.ts';
import { returnsTable } from './returns.ts';
import type { TableSpec } from '../../../shared/migration/table-spec.ts';

/** The new data model, in the order in which the tables are listed and rolled back. */
export const targetTables: readonly TableSpec[] = [
  cartTable,
  ordersTable,
  returnsTable,
  productsEnhancedTable,
];

/** The one table that products are migrated into. */
export const catalogueTable: TableSpec = productsEnhancedTable;

/** What summaries call a product's first item there, and its others. */
export const catalogueItemNames = { first: 'METADATA', others: 'VARIANT' } as const;

/** The table that the shop runs on; the deployment parameter `sourceTable` may name another. */
export const sourceTableName = 'products';

/** The key that the source table must have. */
export const sourceKey = { partitionKey: 'id', type: 'S' } as const;
