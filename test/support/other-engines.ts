import {
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ListTablesCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { ACCOUNT_ID, REGION } from '../../workflow/local/account.ts';
import { type Capability, findLacks } from './engine-lacks.ts';

/** Engines to use instead of the packaged ones. `npm run test:engines` names them in the environment. */
export interface OtherEngines {
  readonly dynamodbUrl?: string;
  readonly s3Url?: string;
}

/** Environment variables that tell the tests' processes. */
export const engineVariables = { dynamodbUrl: 'TEST_DYNAMODB_URL', s3Url: 'TEST_S3_URL' } as const;

export function otherEngines(environment: NodeJS.ProcessEnv = process.env): OtherEngines {
  const dynamodbUrl = environment[engineVariables.dynamodbUrl];
  const s3Url = environment[engineVariables.s3Url];
  return { ...(dynamodbUrl !== undefined && { dynamodbUrl }), ...(s3Url !== undefined && { s3Url }) };
}

/** The identity of the embedded AWS. DynamoDB Local separates tables by access key and region. */
const settings = (endpoint: string) => ({
  endpoint,
  region: REGION,
  credentials: { accessKeyId: ACCOUNT_ID, secretAccessKey: 'test' },
});

/** Empties the engines, so that a test finds them as if it had its own. */
export async function emptyEngines({ dynamodbUrl, s3Url }: OtherEngines): Promise<void> {
  if (dynamodbUrl !== undefined) await withDynamoDb(dynamodbUrl, deleteTables);
  if (s3Url !== undefined) await withS3(s3Url, deleteBuckets);
}

/** Names of the tables and buckets that the engines already hold. */
export async function namesIn({ dynamodbUrl, s3Url }: OtherEngines): Promise<readonly string[]> {
  const tables = dynamodbUrl === undefined ? [] : await withDynamoDb(dynamodbUrl, tableNames);
  const buckets = s3Url === undefined ? [] : await withS3(s3Url, bucketNames);
  return [...tables, ...buckets];
}

/** What the DynamoDB under test lacks. */
export function lacksOf(dynamodbUrl: string): Promise<readonly Capability[]> {
  return withDynamoDb(dynamodbUrl, findLacks);
}

async function withDynamoDb<T>(url: string, work: (client: DynamoDBClient) => Promise<T>): Promise<T> {
  const client = new DynamoDBClient(settings(url));
  return work(client).finally(() => client.destroy());
}

async function withS3<T>(url: string, work: (client: S3Client) => Promise<T>): Promise<T> {
  const client = new S3Client({ ...settings(url), forcePathStyle: true });
  return work(client).finally(() => client.destroy());
}

async function tableNames(client: DynamoDBClient): Promise<readonly string[]> {
  return (await client.send(new ListTablesCommand({}))).TableNames ?? [];
}

async function bucketNames(client: S3Client): Promise<readonly string[]> {
  const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
  return Buckets.map(({ Name = '' }) => Name);
}

/** Repeats the deletes until no table is left, because a table that is still being created cannot be deleted. */
async function deleteTables(client: DynamoDBClient): Promise<void> {
  for (let names = await tableNames(client); names.length > 0; names = await tableNames(client)) {
    for (const TableName of names) await deleteTable(client, TableName).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function deleteTable(client: DynamoDBClient, TableName: string): Promise<void> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  if (Table?.DeletionProtectionEnabled === true)
    await client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
  if (Table?.TableStatus === 'ACTIVE') await client.send(new DeleteTableCommand({ TableName }));
}

async function deleteBuckets(client: S3Client): Promise<void> {
  for (const Bucket of await bucketNames(client)) {
    for (;;) {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
      if (Contents.length === 0) break;
      const Objects = Contents.map(({ Key }) => ({ Key }));
      await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    }
    await client.send(new DeleteBucketCommand({ Bucket }));
  }
}
