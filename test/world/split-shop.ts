import { defineMigration } from '../../functions/shared/migration/define-migration.ts';
import { defineTable } from '../../functions/shared/migration/define-table.ts';
import type { WireValue } from '../../functions/shared/items/wire-item.ts';
import { cartTable } from '../../functions/migrations/shop/tables/cart.ts';
import { ordersTable } from '../../functions/migrations/shop/tables/orders.ts';
import {
  productIn,
  productPartition,
  productsEnhancedTable,
} from '../../functions/migrations/shop/tables/products-enhanced.ts';
import { returnsTable } from '../../functions/migrations/shop/tables/returns.ts';
import { productItems } from '../../functions/migrations/shop/transform.ts';
import { SOURCE } from './holdings.ts';

const { name, key, billing } = productsEnhancedTable.definition;

const belongsTo = {
  sourceKeyOf: ({ PK }: { readonly PK: { readonly S: string } }) => {
    const id = productIn(PK.S);
    return id === undefined ? undefined : { id: { S: id } };
  },
  partitionsOf: ({ id }: { readonly id: { readonly S: string } }): readonly (WireValue & { S: string })[] => [
    { S: productPartition(id.S) },
  ],
};

/**
 * The shop's migration with two filled tables: the variants of a product stand in `returns`. The packaged service knows
 * functions and branches for these tables, and asks its migration for everything else. `returns` expires items as well.
 */
export const splitShop = defineMigration({
  source: { name: SOURCE, key: { partition: ['id', 'S'] } },
  targets: {
    cart: cartTable,
    orders: ordersTable,
    catalogue: defineTable({ name, key, billing, holds: ['METADATA'] }),
    variants: defineTable({
      name: returnsTable.name,
      key,
      billing,
      timeToLiveAttribute: 'goneAt',
      holds: ['VARIANT'],
    }),
  },
  settings: { defaultStockQuantity: 50 },
  transform: (product, { put, ...tools }) => {
    const { METADATA, VARIANT } = productItems(product, tools);
    return put({ catalogue: { METADATA }, variants: { VARIANT } });
  },
  belongsTo: { catalogue: belongsTo, variants: belongsTo },
  madeAttributes: ['createdAt', 'updatedAt'],
  nouns: { item: 'product', items: 'products' },
});
