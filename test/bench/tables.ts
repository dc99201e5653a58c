import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createTableInput } from '../../functions/shared/aws/create-table-input.ts';
import { productsEnhancedTable } from '../../functions/migrations/shop/tables/products-enhanced.ts';
import type { CeilingItems } from './ceiling-module.ts';

/** A table for items of the new model or for products, like the target or the source, under another name. */
export async function createBenchTable(
  dynamo: DynamoDBClient,
  name: string,
  items: CeilingItems,
): Promise<void> {
  await dynamo.send(new CreateTableCommand(items === 'targets' ? targetLike(name) : sourceLike(name)));
}

const targetLike = (name: string) => createTableInput(productsEnhancedTable, { name, tags: {} });

const sourceLike = (name: string) => ({
  TableName: name,
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' as const }],
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' as const }],
  BillingMode: 'PAY_PER_REQUEST' as const,
});
