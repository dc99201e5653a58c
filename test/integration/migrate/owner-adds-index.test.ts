import { afterAll, beforeAll, expect, it } from 'vitest';
import { openShop, type TestShop } from '../../support/migration.ts';

let shop: TestShop;
beforeAll(async () => void (shop = await openShop()));
afterAll(() => shop.stop());

const string = (AttributeName: string) => ({ AttributeName, AttributeType: 'S' });
const indexOn = (attribute: string) => ({
  Create: {
    IndexName: `${attribute}-index`,
    KeySchema: [{ AttributeName: attribute, KeyType: 'HASH' }],
    Projection: { ProjectionType: 'ALL' },
  },
});

it('migrates again into tables whose owner has added an index or a stream', async () => {
  await shop.dynamo.fillProducts([{ id: { S: 'a' }, name: { S: 'A' }, price: { N: '1' } }]);
  await shop.migrate();
  const update = (TableName: string, change: object) =>
    shop.dynamo.call('UpdateTable', { TableName, ...change });
  await update('products-enhanced', {
    AttributeDefinitions: [string('PK'), string('SK'), string('brand')],
    GlobalSecondaryIndexUpdates: [indexOn('brand')],
  });
  await update('cart', {
    AttributeDefinitions: [string('PK'), string('SK'), string('productId')],
    GlobalSecondaryIndexUpdates: [indexOn('productId')],
  });
  await update('returns', { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' } });

  const report = await shop.migrate();

  expect(report.tables.map(({ outcome }) => outcome)).toEqual(['EXISTED', 'EXISTED', 'EXISTED', 'EXISTED']);
  expect(report.migrated).toMatchObject({ products: 1, alreadyPresent: 2 });
});
