import type { KeySchemaElement, Projection, TableDescription } from '@aws-sdk/client-dynamodb';
import { keySchema } from './create-table-input.ts';
import type { IndexSpec, TableSpec } from '../migration/table-spec.ts';

/**
 * How an existing table differs from its spec, one sentence each; empty if it can be used as it is. Only the table's key
 * and the model's own indexes are compared: name, key and projection, with the keys' types. Its owner may choose
 * everything else: further indexes with their attribute definitions, billing, tags, streams, time to live.
 */
export function schemaDifferences(spec: TableSpec, description: TableDescription): string[] {
  return [
    ...keyDifferences(
      'The table',
      keyText(spec, keySchema(spec.key)),
      describedKey(description, description.KeySchema),
    ),
    ...spec.indexes.flatMap((index) => indexDifferences(spec, index, description)),
  ];
}

function indexDifferences(spec: TableSpec, index: IndexSpec, description: TableDescription): string[] {
  const found = description.GlobalSecondaryIndexes?.find((candidate) => candidate.IndexName === index.name);
  if (found === undefined) return [missingIndex(index, description)];
  if (found.IndexStatus === 'DELETING') return [`Index ${index.name} is being deleted.`];
  return [
    ...keyDifferences(
      `Index ${index.name}`,
      keyText(spec, keySchema(index.key)),
      describedKey(description, found.KeySchema),
    ),
    ...projectionDifferences(index, found.Projection),
  ];
}

function missingIndex(index: IndexSpec, description: TableDescription): string {
  const local = description.LocalSecondaryIndexes?.some((candidate) => candidate.IndexName === index.name);
  return local === true
    ? `Index ${index.name} is a local secondary index where a global one is expected.`
    : `Index ${index.name} is missing.`;
}

function keyDifferences(subject: string, expected: string, found: string): string[] {
  return expected === found ? [] : [`${subject} has the key ${found} where ${expected} is expected.`];
}

function projectionDifferences(index: IndexSpec, projection: Projection | undefined): string[] {
  const found = projection?.ProjectionType ?? 'nothing';
  return found === index.projection
    ? []
    : [`Index ${index.name} projects ${found} where ${index.projection} is expected.`];
}

function keyText(spec: TableSpec, elements: readonly KeySchemaElement[]): string {
  return elements
    .map(({ AttributeName = '' }) => `${AttributeName} (${spec.attributes[AttributeName] ?? '?'})`)
    .join(', ');
}

/** The partition key first, in whatever order the answer lists them. */
function describedKey(description: TableDescription, elements: readonly KeySchemaElement[] = []): string {
  const types = new Map(
    description.AttributeDefinitions?.map((one) => [one.AttributeName, one.AttributeType]),
  );
  const ordered = elements.toSorted(
    (one, other) => Number(one.KeyType === 'RANGE') - Number(other.KeyType === 'RANGE'),
  );
  return ordered
    .map(({ AttributeName }) => `${AttributeName} (${types.get(AttributeName) ?? '?'})`)
    .join(', ');
}
