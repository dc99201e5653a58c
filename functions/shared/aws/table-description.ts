import {
  DescribeTableCommand,
  type DynamoDBClient,
  type IndexStatus,
  type OnDemandThroughput,
  type TableDescription as DescribedTable,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { TableUnavailableError } from '../errors.ts';
import { type Clock, retry } from '../retry.ts';
import type { TableKey } from '../items/item-key.ts';
import { identified, listTags } from './describe-table.ts';
import { timeToLiveOf } from './time-to-live.ts';
import { otherSettingsOf } from './other-settings.ts';

const keySchema = z.lazy(() =>
  z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) })),
);
const throughput = z.lazy(() => z.object({ ReadCapacityUnits: z.number(), WriteCapacityUnits: z.number() }));
const onDemandThroughput = z.lazy(() =>
  z.object({
    MaxReadRequestUnits: z.number().optional(),
    MaxWriteRequestUnits: z.number().optional(),
  }),
);
const index = z.lazy(() =>
  z.object({
    IndexName: z.string(),
    KeySchema: keySchema,
    Projection: z.object({
      ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
      NonKeyAttributes: z.array(z.string()).optional(),
    }),
    /** Global indexes of a PROVISIONED table only. */
    ProvisionedThroughput: throughput.optional(),
    /** Only for global indexes of a PAY_PER_REQUEST table that have maxima. */
    OnDemandThroughput: onDemandThroughput.optional(),
  }),
);

/**
 * What a table is besides its items: enough to create it again. In DynamoDB's own terms, so that it goes into CreateTable
 * as it is. Backups of earlier versions lack `tableClass`, `onDemandThroughput` and `otherSettings`.
 */
export const tableDescriptionSchema = z.lazy(() =>
  z.object({
    tableName: z.string(),
    tableArn: z.string(),
    /** Empty where the engine has none. */
    tableId: z.string(),
    keySchema,
    /** Of the table's key and of the indexes below; in backups of earlier versions also of dropped indexes. */
    attributeDefinitions: z.array(
      z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
    ),
    billingMode: z.enum(['PROVISIONED', 'PAY_PER_REQUEST']),
    /** PROVISIONED only. */
    provisionedThroughput: throughput.optional(),
    /** Maxima of a PAY_PER_REQUEST table that has any, in request units a second. */
    onDemandThroughput: onDemandThroughput.optional(),
    /** `STANDARD` or `STANDARD_INFREQUENT_ACCESS`; absent where DynamoDB does not say. */
    tableClass: z.string().optional(),
    globalSecondaryIndexes: z.array(index),
    localSecondaryIndexes: z.array(index),
    /** Attribute that expires items; absent where time to live is off. */
    timeToLiveAttribute: z.string().optional(),
    /** As they are on the table, `aws:*` included. */
    tags: z.array(z.object({ Key: z.string(), Value: z.string() })),
    /** Settings that a restore does not bring back, in words. */
    otherSettings: z.array(z.string()).optional(),
  }),
);
export type TableDescription = z.infer<typeof tableDescriptionSchema>;

/** Names of the key attributes, the partition key first. */
export function keyNamesOf(keys: TableDescription['keySchema']): readonly string[] {
  return keys
    .toSorted((one, other) => Number(one.KeyType === 'RANGE') - Number(other.KeyType === 'RANGE'))
    .map(({ AttributeName }) => AttributeName);
}

/** The table's key with the types of its attributes. */
export function keyOfDescription({
  keySchema: elements,
  attributeDefinitions,
}: Pick<TableDescription, 'keySchema' | 'attributeDefinitions'>): TableKey {
  const types = new Map(attributeDefinitions.map((one) => [one.AttributeName, one.AttributeType]));
  return keyNamesOf(elements).map((name) => ({ name, type: types.get(name) ?? 'S' }));
}

/** A table's keys and those of its indexes, as far as they name attributes. */
interface KeyedTable<Definition> {
  readonly keySchema: readonly KeyElement[];
  readonly globalSecondaryIndexes: readonly KeyedIndex[];
  readonly localSecondaryIndexes: readonly KeyedIndex[];
  readonly attributeDefinitions: readonly Definition[];
}
interface KeyElement {
  readonly AttributeName?: string | undefined;
}
interface KeyedIndex {
  readonly KeySchema?: readonly KeyElement[] | undefined;
}

/**
 * The definitions of exactly the attributes that a key uses: CreateTable refuses any other, and a table that is
 * losing an index still lists the index's attributes.
 */
export function usedDefinitions<Definition extends KeyElement>(table: KeyedTable<Definition>): Definition[] {
  const indexes = [...table.globalSecondaryIndexes, ...table.localSecondaryIndexes];
  const keys = [table.keySchema, ...indexes.map(({ KeySchema = [] }) => KeySchema)];
  const used = new Set(keys.flat().map(({ AttributeName }) => AttributeName));
  return table.attributeDefinitions.filter(({ AttributeName }) => used.has(AttributeName));
}

/** Where a description comes from. */
export interface DescribeScope {
  readonly dynamo: DynamoDBClient;
  readonly clock: Clock;
}

const PATIENCE_MILLIS = 60_000;

async function sortedTags(dynamo: DynamoDBClient, tableArn: string): Promise<TableDescription['tags']> {
  const tags = (await listTags(dynamo, tableArn)) ?? [];
  return tags
    .map(({ Key = '', Value = '' }) => ({ Key, Value }))
    .toSorted((one, other) => (one.Key < other.Key ? -1 : 1));
}

interface DescribedIndex {
  readonly IndexName?: string | undefined;
  readonly IndexStatus?: IndexStatus | undefined;
  readonly KeySchema?: readonly KeyElement[] | undefined;
  readonly Projection?: unknown;
  readonly OnDemandThroughput?: OnDemandThroughput | undefined;
  readonly ProvisionedThroughput?:
    | { ReadCapacityUnits?: number | undefined; WriteCapacityUnits?: number | undefined }
    | undefined;
}

/** Under a name of ours. Nothing if there are none, which DynamoDB writes as absent or as -1. */
function maximaOf<Name extends string>(
  name: Name,
  { MaxReadRequestUnits: reads = -1, MaxWriteRequestUnits: writes = -1 }: OnDemandThroughput = {},
): { readonly [key in Name]?: OnDemandThroughput } {
  if (reads < 0 && writes < 0) return {};
  const maxima = {
    ...(reads >= 0 && { MaxReadRequestUnits: reads }),
    ...(writes >= 0 && { MaxWriteRequestUnits: writes }),
  };
  return { [name]: maxima } as { readonly [key in Name]?: OnDemandThroughput };
}

/** zod drops what a description holds beyond CreateTable's terms: status, sizes, ARNs. */
function indexesOf(indexes: readonly DescribedIndex[] | undefined, isProvisioned: boolean) {
  const kept = (indexes ?? []).filter(({ IndexStatus }) => IndexStatus !== 'DELETING');
  return kept
    .map(({ ProvisionedThroughput, OnDemandThroughput, ...rest }) => ({
      ...rest,
      ...(isProvisioned && ProvisionedThroughput && { ProvisionedThroughput }),
      ...maximaOf('OnDemandThroughput', isProvisioned ? undefined : OnDemandThroughput),
    }))
    .toSorted((one, other) => ((one.IndexName ?? '') < (other.IndexName ?? '') ? -1 : 1));
}

function schemaOf(table: DescribedTable) {
  const billingMode = table.BillingModeSummary?.BillingMode ?? 'PROVISIONED';
  const isProvisioned = billingMode === 'PROVISIONED';
  const keyed = {
    keySchema: table.KeySchema ?? [],
    attributeDefinitions: table.AttributeDefinitions ?? [],
    globalSecondaryIndexes: indexesOf(table.GlobalSecondaryIndexes, isProvisioned),
    localSecondaryIndexes: indexesOf(table.LocalSecondaryIndexes, false),
  };
  return {
    ...keyed,
    attributeDefinitions: usedDefinitions(keyed),
    tableName: table.TableName,
    tableArn: table.TableArn,
    tableId: table.TableId ?? '',
    billingMode,
    ...(isProvisioned ? { provisionedThroughput: table.ProvisionedThroughput } : {}),
    ...maximaOf('onDemandThroughput', isProvisioned ? undefined : table.OnDemandThroughput),
    tableClass: table.TableClassSummary?.TableClass,
    otherSettings: otherSettingsOf(table),
  };
}

/**
 * Describes a table: keys, indexes, billing, class, time to live, tags and its other settings.
 *
 * @throws TableUnavailableError; the SDK's errors (transient ones after a minute of trying).
 */
export async function readTableDescription(
  { dynamo, clock }: DescribeScope,
  tableName: string,
): Promise<TableDescription> {
  const until = { clock, deadline: clock.now() + PATIENCE_MILLIS };
  const description = new DescribeTableCommand({ TableName: tableName });
  const { Table: { TableArn, ...table } = {} } = await retry(until, () => dynamo.send(description));
  if (TableArn === undefined)
    throw new TableUnavailableError(`Table ${tableName} cannot be described. Check that it is there.`);
  const [timeToLiveAttribute, tags] = await Promise.all([
    retry(until, () => timeToLiveOf(dynamo, tableName)),
    retry(until, () => sortedTags(dynamo, TableArn)),
  ]);
  const ttl = timeToLiveAttribute === undefined ? {} : { timeToLiveAttribute };
  return tableDescriptionSchema.parse({ ...schemaOf(identified({ ...table, TableArn })), ...ttl, tags });
}
