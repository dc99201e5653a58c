import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  type IndexStatus,
  ListTagsOfResourceCommand,
  type TableDescription as DescribedTable,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { TableUnavailableError } from '../errors.ts';
import { type Clock, retry } from '../retry.ts';

const keySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));
const throughput = z.object({ ReadCapacityUnits: z.number(), WriteCapacityUnits: z.number() });
const index = z.object({
  IndexName: z.string(),
  KeySchema: keySchema,
  Projection: z.object({
    ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
    NonKeyAttributes: z.array(z.string()).optional(),
  }),
  /** Global indexes of a PROVISIONED table only. */
  ProvisionedThroughput: throughput.optional(),
});

/** What a table is, beside its items: enough to make it again. In DynamoDB's own words, so that it goes into CreateTable as it is. */
export const tableDescriptionSchema = z.object({
  tableName: z.string(),
  tableArn: z.string(),
  /** Empty where the engine has none. */
  tableId: z.string(),
  keySchema,
  attributeDefinitions: z.array(
    z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
  ),
  billingMode: z.enum(['PROVISIONED', 'PAY_PER_REQUEST']),
  /** PROVISIONED only. */
  provisionedThroughput: throughput.optional(),
  globalSecondaryIndexes: z.array(index),
  localSecondaryIndexes: z.array(index),
  /** Attribute that expires items; absent where time to live is off. */
  timeToLiveAttribute: z.string().optional(),
  /** As they are on the table, `aws:*` included. */
  tags: z.array(z.object({ Key: z.string(), Value: z.string() })),
});
export type TableDescription = z.infer<typeof tableDescriptionSchema>;

/** Names of the key attributes, the partition key first. */
export function keyNamesOf(keys: TableDescription['keySchema']): readonly string[] {
  return keys
    .toSorted((one, other) => Number(one.KeyType === 'RANGE') - Number(other.KeyType === 'RANGE'))
    .map(({ AttributeName }) => AttributeName);
}

/** Where a description comes from. */
export interface DescribeScope {
  readonly dynamo: DynamoDBClient;
  readonly clock: Clock;
}

const patienceMillis = 60_000;

async function timeToLiveOf(dynamo: DynamoDBClient, tableName: string): Promise<string | undefined> {
  const { TimeToLiveDescription: ttl } = await dynamo.send(
    new DescribeTimeToLiveCommand({ TableName: tableName }),
  );
  const isOn = ttl?.TimeToLiveStatus === 'ENABLED' || ttl?.TimeToLiveStatus === 'ENABLING';
  return isOn ? ttl.AttributeName : undefined;
}

async function tagsOf(dynamo: DynamoDBClient, tableArn: string): Promise<TableDescription['tags']> {
  const tags: TableDescription['tags'] = [];
  let token: string | undefined;
  do {
    const page = await dynamo.send(
      new ListTagsOfResourceCommand({ ResourceArn: tableArn, NextToken: token }),
    );
    for (const { Key = '', Value = '' } of page.Tags ?? []) tags.push({ Key, Value });
    token = page.NextToken;
  } while (token !== undefined);
  return tags.toSorted((one, other) => (one.Key < other.Key ? -1 : 1));
}

interface DescribedIndex {
  readonly IndexName?: string | undefined;
  readonly IndexStatus?: IndexStatus | undefined;
  readonly KeySchema?: unknown;
  readonly Projection?: unknown;
  readonly ProvisionedThroughput?:
    | { ReadCapacityUnits?: number | undefined; WriteCapacityUnits?: number | undefined }
    | undefined;
}

/** zod drops what a description holds beyond CreateTable's words: status, sizes, ARNs. */
function indexesOf(indexes: readonly DescribedIndex[] | undefined, isProvisioned: boolean) {
  const kept = (indexes ?? []).filter(({ IndexStatus }) => IndexStatus !== 'DELETING');
  return kept
    .map(({ ProvisionedThroughput, ...rest }) =>
      isProvisioned && ProvisionedThroughput ? { ...rest, ProvisionedThroughput } : rest,
    )
    .toSorted((one, other) => ((one.IndexName ?? '') < (other.IndexName ?? '') ? -1 : 1));
}

function schemaOf(table: DescribedTable) {
  const billingMode = table.BillingModeSummary?.BillingMode ?? 'PROVISIONED';
  const isProvisioned = billingMode === 'PROVISIONED';
  return {
    tableName: table.TableName,
    tableArn: table.TableArn,
    tableId: table.TableId ?? '',
    keySchema: table.KeySchema,
    attributeDefinitions: table.AttributeDefinitions,
    billingMode,
    ...(isProvisioned ? { provisionedThroughput: table.ProvisionedThroughput } : {}),
    globalSecondaryIndexes: indexesOf(table.GlobalSecondaryIndexes, isProvisioned),
    localSecondaryIndexes: indexesOf(table.LocalSecondaryIndexes, false),
  };
}

async function describeOnce(dynamo: DynamoDBClient, tableName: string): Promise<TableDescription> {
  const { Table } = await dynamo.send(new DescribeTableCommand({ TableName: tableName }));
  if (Table?.TableArn === undefined)
    throw new TableUnavailableError(
      `Table ${tableName} cannot be described. Check that it is there, then start again.`,
    );
  const [timeToLiveAttribute, tags] = await Promise.all([
    timeToLiveOf(dynamo, tableName),
    tagsOf(dynamo, Table.TableArn),
  ]);
  const ttl = timeToLiveAttribute === undefined ? {} : { timeToLiveAttribute };
  return tableDescriptionSchema.parse({ ...schemaOf(Table), ...ttl, tags });
}

/**
 * Keys, indexes, billing, time to live and tags of a table.
 *
 * @throws TableUnavailableError; the SDK's errors (transient ones after a minute of trying).
 */
export function describeTable(
  { dynamo, clock }: DescribeScope,
  tableName: string,
): Promise<TableDescription> {
  return retry({ clock, deadline: clock.now() + patienceMillis }, () => describeOnce(dynamo, tableName));
}
