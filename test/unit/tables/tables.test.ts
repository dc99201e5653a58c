import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { cartTable } from '../../../functions/migrations/shop/tables/cart.ts';
import { ordersTable } from '../../../functions/migrations/shop/tables/orders.ts';
import { productsEnhancedTable } from '../../../functions/migrations/shop/tables/products-enhanced.ts';
import { returnsTable } from '../../../functions/migrations/shop/tables/returns.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { schemaDifferences } from '../../../functions/shared/aws/schema-differences.ts';
import type { TableSpec } from '../../../functions/shared/migration/table-spec.ts';
import { targetTables } from '../../support/shop.ts';

/** What DescribeTable would say of a table made from the spec. */
function described(spec: TableSpec): TableDescription {
  const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes } = createTableInput(spec, {
    name: 't',
    tags: {},
  });
  return { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes: GlobalSecondaryIndexes ?? [] };
}

describe('a CreateTable request', () => {
  it('is on demand and tagged for cart', () => {
    expect(createTableInput(cartTable, { name: 'dev-cart', tags: { 'migration:run': 'r1' } })).toEqual({
      TableName: 'dev-cart',
      KeySchema: [
        { AttributeName: 'PK', KeyType: 'HASH' },
        { AttributeName: 'SK', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'PK', AttributeType: 'S' },
        { AttributeName: 'SK', AttributeType: 'S' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
      Tags: [{ Key: 'migration:run', Value: 'r1' }],
    });
  });

  it('gives orders and each of its indexes the provisioned capacity', () => {
    const input = createTableInput(ordersTable, { name: 'orders', tags: {} });
    const throughput = { ReadCapacityUnits: 2, WriteCapacityUnits: 2 };
    expect(input.BillingMode).toBe('PROVISIONED');
    expect(input.ProvisionedThroughput).toEqual(throughput);
    expect(input.GlobalSecondaryIndexes).toEqual(
      [
        ['CustomerEmailIndex', 'customerEmail'],
        ['StatusIndex', 'status'],
      ].map(([IndexName, partitionKey]) => ({
        IndexName,
        KeySchema: [
          { AttributeName: partitionKey, KeyType: 'HASH' },
          { AttributeName: 'createdAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
        ProvisionedThroughput: throughput,
      })),
    );
  });

  it('asks for one unit each for returns', () => {
    const input = createTableInput(returnsTable, { name: 'returns', tags: {} });
    expect(input.ProvisionedThroughput).toEqual({ ReadCapacityUnits: 1, WriteCapacityUnits: 1 });
    expect(input.GlobalSecondaryIndexes?.map((index) => index.IndexName)).toEqual(['OrderIndex']);
  });
});

describe('comparing a table with its spec', () => {
  it.each(targetTables.map((spec) => [spec.name, spec] as const))(
    'finds no difference in %s as it is created',
    (_, spec) => {
      expect(schemaDifferences(spec, described(spec))).toEqual([]);
    },
  );

  it('does not look at billing or at the order of the answer', () => {
    const { KeySchema = [], GlobalSecondaryIndexes = [], ...rest } = described(ordersTable);
    const description: TableDescription = {
      ...rest,
      KeySchema: KeySchema.toReversed(),
      GlobalSecondaryIndexes: GlobalSecondaryIndexes.toReversed(),
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
    };
    expect(schemaDifferences(ordersTable, description)).toEqual([]);
  });

  it('names another key', () => {
    const description: TableDescription = {
      KeySchema: [{ AttributeName: 'orderId', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'orderId', AttributeType: 'S' }],
    };
    expect(schemaDifferences(productsEnhancedTable, description)).toEqual([
      'The table has the key orderId (S) where PK (S), SK (S) is expected.',
    ]);
  });

  it('names a key attribute of another type', () => {
    const description = {
      ...described(cartTable),
      AttributeDefinitions: [{ AttributeName: 'PK', AttributeType: 'N' as const }],
    };
    expect(schemaDifferences(cartTable, description)).toEqual([
      'The table has the key PK (N), SK (?) where PK (S), SK (S) is expected.',
    ]);
  });

  it('names swapped keys', () => {
    const KeySchema: TableDescription['KeySchema'] = [
      { AttributeName: 'SK', KeyType: 'HASH' },
      { AttributeName: 'PK', KeyType: 'RANGE' },
    ];
    expect(schemaDifferences(cartTable, { ...described(cartTable), KeySchema })).toEqual([
      'The table has the key SK (S), PK (S) where PK (S), SK (S) is expected.',
    ]);
  });

  it('leaves an owner’s further indexes, attribute definitions, stream, class and billing out of account', () => {
    const model = described(ordersTable);
    const own = (IndexName: string) => ({
      IndexName,
      KeySchema: [{ AttributeName: 'courier', KeyType: 'HASH' as const }],
      Projection: { ProjectionType: 'KEYS_ONLY' as const },
    });
    const description: TableDescription = {
      ...model,
      AttributeDefinitions: [
        ...(model.AttributeDefinitions ?? []),
        { AttributeName: 'courier', AttributeType: 'S' },
      ],
      GlobalSecondaryIndexes: [own('CourierIndex'), ...(model.GlobalSecondaryIndexes ?? [])],
      LocalSecondaryIndexes: [own('LocalCourierIndex')],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
      TableClassSummary: { TableClass: 'STANDARD_INFREQUENT_ACCESS' },
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
    };
    expect(schemaDifferences(ordersTable, description)).toEqual([]);
  });

  it('names an index of the model that is being deleted', () => {
    const { GlobalSecondaryIndexes: [email = {}, status = {}] = [], ...rest } = described(ordersTable);
    const going = { ...status, IndexStatus: 'DELETING' as const };
    expect(schemaDifferences(ordersTable, { ...rest, GlobalSecondaryIndexes: [email, going] })).toEqual([
      'Index StatusIndex is being deleted.',
    ]);
  });

  it('names an index that is missing, local, keyed or projected otherwise', () => {
    const { GlobalSecondaryIndexes = [], ...rest } = described(ordersTable);
    const [email = {}, status = {}] = GlobalSecondaryIndexes;
    expect(schemaDifferences(ordersTable, { ...rest, GlobalSecondaryIndexes: [email] })).toEqual([
      'Index StatusIndex is missing.',
    ]);
    const local = { ...rest, GlobalSecondaryIndexes: [email], LocalSecondaryIndexes: [status] };
    expect(schemaDifferences(ordersTable, local)).toEqual([
      'Index StatusIndex is a local secondary index where a global one is expected.',
    ]);
    const otherwise = {
      ...status,
      KeySchema: email.KeySchema,
      Projection: { ProjectionType: 'KEYS_ONLY' as const },
    };
    expect(schemaDifferences(ordersTable, { ...rest, GlobalSecondaryIndexes: [email, otherwise] })).toEqual([
      'Index StatusIndex has the key customerEmail (S), createdAt (S) where status (S), createdAt (S) is expected.',
      'Index StatusIndex projects KEYS_ONLY where ALL is expected.',
    ]);
  });

  it('says so of a description that says nothing', () => {
    expect(schemaDifferences(cartTable, {})).toEqual([
      'The table has the key  where PK (S), SK (S) is expected.',
    ]);
  });
});
