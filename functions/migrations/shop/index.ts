import { defineMigration } from '../../shared/migration/define-migration.ts';
import { cartTable } from './tables/cart.ts';
import { ordersTable } from './tables/orders.ts';
import { productIn, productPartition, productsEnhancedTable } from './tables/products-enhanced.ts';
import { returnsTable } from './tables/returns.ts';
import { productItems } from './transform.ts';

/** A shop's `products` to its new data model: carts, orders, returns, and a catalogue with an item for each variant. */
export const migration = defineMigration({
  source: { name: 'products', key: { partition: ['id', 'S'] } },
  targets: {
    cart: cartTable,
    orders: ordersTable,
    returns: returnsTable,
    catalogue: productsEnhancedTable,
  },
  // Pieces in stock for a product that states none.
  settings: { defaultStockQuantity: 50 },
  transform: (product, { put, ...tools }) => put({ catalogue: productItems(product, tools) }),
  belongsTo: {
    catalogue: {
      sourceKeyOf: ({ PK }) => {
        const id = productIn(PK.S);
        return id === undefined ? undefined : { id: { S: id } };
      },
      partitionsOf: ({ id }) => [{ S: productPartition(id.S) }],
    },
  },
  madeAttributes: ['createdAt', 'updatedAt'],
  nouns: { item: 'product', items: 'products' },
});
