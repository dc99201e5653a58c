import {
  CreateTableCommand,
  DeleteTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  ListBackupsCommand,
  PutItemCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { isNotOffered } from '../../functions/shared/aws/not-offered.ts';
import { listTags } from '../../functions/shared/aws/describe-table.ts';

/** What an engine may lack, and the reason for which a test that needs it is skipped. */
export const capabilities = {
  tags: 'has no tags',
  backups: 'has no backups of tables',
  'expired items': 'deletes items as soon as they expire, so that none can be counted',
} as const;

export type Capability = keyof typeof capabilities;

/** The environment variable that tells the tests' processes. */
export const lacksVariable = 'TEST_ENGINE_LACKS';

/** Whether the engine under test lacks something. For `it.skipIf`. */
export function lacks(capability: Capability): boolean {
  return (process.env[lacksVariable] ?? '').split(',').includes(capability);
}

const TableName = 'what-this-engine-has';
/** DynamoDB Local looks for expired items every few seconds. */
const expirySeconds = 15;

/** Tries an engine out on its own table, which is deleted again. */
export async function findLacks(client: DynamoDBClient): Promise<readonly Capability[]> {
  const { TableDescription } = await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  try {
    const hasTags = (await listTags(client, TableDescription?.TableArn ?? '')) !== undefined;
    const found: readonly (readonly [Capability, boolean])[] = [
      ['tags', hasTags],
      ['backups', await hasBackups(client)],
      ['expired items', await keepsExpired(client)],
    ];
    return found.flatMap(([capability, isThere]) => (isThere ? [] : [capability]));
  } finally {
    await client.send(new DeleteTableCommand({ TableName }));
  }
}

async function hasBackups(client: DynamoDBClient): Promise<boolean> {
  try {
    await client.send(new ListBackupsCommand({}));
    return true;
  } catch (error) {
    if (isNotOffered(error)) return false;
    throw error;
  }
}

async function keepsExpired(client: DynamoDBClient): Promise<boolean> {
  const TimeToLiveSpecification = { AttributeName: 'endsAt', Enabled: true };
  await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
  const anHourAgo = String(Math.floor(Date.now() / 1000) - 3_600);
  const Key = { id: { S: 'expired' } };
  await client.send(new PutItemCommand({ TableName, Item: { ...Key, endsAt: { N: anHourAgo } } }));
  for (let second = 0; second < expirySeconds; second += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    if ((await client.send(new GetItemCommand({ TableName, Key }))).Item === undefined) return false;
  }
  return true;
}
