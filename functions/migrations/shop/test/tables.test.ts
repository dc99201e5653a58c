import { describe, expect, it } from 'vitest';
import { targetTables } from '../../../../test/support/shop.ts';
import { ownTable } from '../../../create-tables/own-table.ts';
import { tableName } from '../../../shared/migration/table-spec.ts';
import { migration } from '../index.ts';
import { CART_LIFETIME_SECONDS, cartItemKey, cartTable } from '../tables/cart.ts';
import { orderKey, ordersTable } from '../tables/orders.ts';
import { returnItemKey, returnKey } from '../tables/returns.ts';

describe('the new data model', () => {
  it('lists its tables with the function that creates each', () => {
    expect(targetTables.map(({ name, createdBy }) => [name, createdBy])).toEqual([
      ['cart', 'createCartTable'],
      ['orders', 'createOrdersTable'],
      ['returns', 'createReturnsTable'],
      ['products-enhanced', 'createProductsEnhancedTable'],
    ]);
    const tableOf = (functionKey: string) => ownTable({ migration, config: { functionKey } });
    expect(tableOf('createOrdersTable')).toBe(ordersTable);
    expect(() => tableOf('testConnection')).toThrow('is created by the function testConnection');
  });

  it('puts the deployment’s prefix before a name', () => {
    expect(tableName(cartTable, '')).toBe('cart');
    expect(tableName(cartTable, 'dev-')).toBe('dev-cart');
  });

  it.each(targetTables.map((spec) => [spec.name, spec] as const))(
    'defines exactly the key attributes of %s',
    (_, spec) => {
      const keys = [spec.key, ...spec.indexes.map((index) => index.key)];
      const used = keys.flatMap((key) => [key.partitionKey, key.sortKey ?? []].flat());
      expect(Object.keys(spec.attributes).toSorted()).toEqual([...new Set(used)].toSorted());
    },
  );

  it('builds the keys of the items that the shop writes', () => {
    expect(cartItemKey({ sessionId: 's1', sku: 'A' })).toEqual({ PK: 'CART#s1', SK: 'ITEM#A' });
    expect(orderKey('o1')).toEqual({ PK: 'ORDER#o1', SK: 'METADATA' });
    expect(returnKey('r1')).toEqual({ PK: 'RETURN#r1', SK: 'METADATA' });
    expect(returnItemKey({ returnId: 'r1', sku: 'A' })).toEqual({ PK: 'RETURN#r1', SK: 'ITEM#A' });
    expect(CART_LIFETIME_SECONDS).toBe(2_592_000);
  });
});
