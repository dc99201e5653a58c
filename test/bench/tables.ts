import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createTableInput } from '../../functions/shared/aws/create-table-input.ts';
import { productsEnhancedTable } from '../../functions/migrations/shop/tables/products-enhanced.ts';

/** A table like the target, under another name. */
export async function createProductsTable(dynamo: DynamoDBClient, name: string): Promise<void> {
  await dynamo.send(new CreateTableCommand(createTableInput(productsEnhancedTable, { name, tags: {} })));
}
