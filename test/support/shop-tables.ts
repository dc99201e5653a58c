import { createTableInput } from '../../functions/shared/aws/create-table-input.ts';
import { ordersTable } from '../../functions/migrations/shop/tables/orders.ts';
import { productsEnhancedTable } from '../../functions/migrations/shop/tables/products-enhanced.ts';
import type { FaultShop } from './fault-shop.ts';

/** Creates `orders` and `products-enhanced` as the shop itself would, each with an item. */
export async function createShopTables({ dynamo }: FaultShop): Promise<void> {
  for (const spec of [ordersTable, productsEnhancedTable]) {
    await dynamo.call('CreateTable', createTableInput(spec, { name: spec.name, tags: { owner: 'shop' } }));
    await dynamo.put(spec.name, { PK: { S: 'SHOP#1' }, SK: { S: 'OWN' }, note: { S: 'sold' } });
  }
}
