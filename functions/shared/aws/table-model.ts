import type { BillingSpec, IndexSpec, KeySpec, TableSpec } from '../migration/table-spec.ts';
import type { TableDescription } from './table-description.ts';

/**
 * A table as CreateTable takes it, in DynamoDB's own words: what a backup holds of its source, and what a
 * {@link TableSpec} says of a target. Creating a table and comparing one that exists go by it.
 */
export type TableModel = Pick<
  TableDescription,
  | 'keySchema'
  | 'attributeDefinitions'
  | 'billingMode'
  | 'provisionedThroughput'
  | 'tableClass'
  | 'globalSecondaryIndexes'
  | 'localSecondaryIndexes'
>;

/** The model of a target table. */
export function modelOf(spec: TableSpec): TableModel {
  const { key, attributes, billing, indexes } = spec;
  const provisioned = billing.mode === 'PROVISIONED' && { provisionedThroughput: throughputOf(billing) };
  return {
    keySchema: keySchemaOf(key),
    attributeDefinitions: Object.entries(attributes).map(([AttributeName, AttributeType]) => ({
      AttributeName,
      AttributeType,
    })),
    billingMode: billing.mode,
    ...provisioned,
    globalSecondaryIndexes: indexes.map((index) => indexOf(index, billing)),
    localSecondaryIndexes: [],
  };
}

/** A key as DynamoDB lists it: the partition key (HASH) first. */
function keySchemaOf({ partitionKey, sortKey }: KeySpec): TableModel['keySchema'] {
  return [
    { AttributeName: partitionKey, KeyType: 'HASH' },
    ...(sortKey === undefined ? [] : [{ AttributeName: sortKey, KeyType: 'RANGE' as const }]),
  ];
}

function indexOf(
  { name, key, projection }: IndexSpec,
  billing: BillingSpec,
): TableModel['globalSecondaryIndexes'][number] {
  return {
    IndexName: name,
    KeySchema: keySchemaOf(key),
    Projection: { ProjectionType: projection },
    ...(billing.mode === 'PROVISIONED' && { ProvisionedThroughput: throughputOf(billing) }),
  };
}

function throughputOf(billing: Extract<BillingSpec, { mode: 'PROVISIONED' }>) {
  return { ReadCapacityUnits: billing.readUnitsPerSecond, WriteCapacityUnits: billing.writeUnitsPerSecond };
}

/** Attributes of a key, as a description or a request lists them. */
interface KeyElement {
  readonly AttributeName?: string | undefined;
  readonly KeyType?: string | undefined;
}
interface Definition {
  readonly AttributeName?: string | undefined;
  readonly AttributeType?: string | undefined;
}

/** `PK (S), SK (N)`: the partition key first, in whatever order the elements are listed. */
export function keySchemaText(
  elements: readonly KeyElement[] = [],
  definitions: readonly Definition[] = [],
): string {
  const types = new Map(definitions.map((one) => [one.AttributeName, one.AttributeType]));
  return elements
    .toSorted((one, other) => Number(one.KeyType === 'RANGE') - Number(other.KeyType === 'RANGE'))
    .map(({ AttributeName }) => `${AttributeName} (${types.get(AttributeName) ?? '?'})`)
    .join(', ');
}
