import { CreateTableCommand, DeleteTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describeTable } from '../../functions/shared/aws/describe-table.ts';

/** TableId of a table, as a run notes it. */
export async function tableIdOf(client: DynamoDBClient, name: string): Promise<string> {
  return (await describeTable(client, name))?.TableId ?? '';
}

/** Deletes a table with the key `id` and makes an empty one of the same name, with a stream. @returns its TableId */
export async function replaceTable(client: DynamoDBClient, name: string): Promise<string> {
  await client.send(new DeleteTableCommand({ TableName: name }));
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' },
    }),
  );
  return tableIdOf(client, name);
}
