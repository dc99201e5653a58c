import type {
  CreateTableCommandInput,
  KeySchemaElement,
  ProvisionedThroughput,
} from '@aws-sdk/client-dynamodb';
import type { BillingSpec, IndexSpec, KeySpec, TableSpec } from '../migration/table-spec.ts';

/** The new table's name, and the tags that it gets in the CreateTable call. */
export interface NewTable {
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * The CreateTable request for a spec. Time to live, deletion protection and point-in-time recovery
 * are not part of it: DynamoDB takes the first only afterwards, and the other two wait until the
 * data is verified.
 */
export function createTableInput(spec: TableSpec, { name, tags }: NewTable): CreateTableCommandInput {
  return {
    TableName: name,
    KeySchema: keySchema(spec.key),
    AttributeDefinitions: attributeDefinitions(spec),
    ...billing(spec.billing),
    ...(spec.indexes.length > 0 && {
      GlobalSecondaryIndexes: spec.indexes.map((index) => secondaryIndex(index, spec.billing)),
    }),
    ...(Object.keys(tags).length > 0 && {
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    }),
  };
}

/** A key as DynamoDB lists it: the partition key (HASH) first. */
export function keySchema(key: KeySpec): KeySchemaElement[] {
  return [
    { AttributeName: key.partitionKey, KeyType: 'HASH' },
    ...(key.sortKey === undefined ? [] : [{ AttributeName: key.sortKey, KeyType: 'RANGE' as const }]),
  ];
}

function attributeDefinitions(spec: TableSpec): CreateTableCommandInput['AttributeDefinitions'] {
  return Object.entries(spec.attributes).map(([AttributeName, AttributeType]) => ({
    AttributeName,
    AttributeType,
  }));
}

function secondaryIndex(index: IndexSpec, tableBilling: BillingSpec) {
  return {
    IndexName: index.name,
    KeySchema: keySchema(index.key),
    Projection: { ProjectionType: index.projection },
    ...(tableBilling.mode === 'PROVISIONED' && { ProvisionedThroughput: throughput(tableBilling) }),
  };
}

function billing(spec: BillingSpec): Pick<CreateTableCommandInput, 'BillingMode' | 'ProvisionedThroughput'> {
  if (spec.mode === 'PAY_PER_REQUEST') return { BillingMode: spec.mode };
  return { BillingMode: spec.mode, ProvisionedThroughput: throughput(spec) };
}

function throughput(spec: Extract<BillingSpec, { mode: 'PROVISIONED' }>): ProvisionedThroughput {
  return { ReadCapacityUnits: spec.readUnitsPerSecond, WriteCapacityUnits: spec.writeUnitsPerSecond };
}
