import type { Projection, TableDescription } from '@aws-sdk/client-dynamodb';
import type { TableSpec } from '../migration/table-spec.ts';
import { keySchemaText, modelOf, type TableModel } from './table-model.ts';

type Index = TableModel['globalSecondaryIndexes'][number];

/**
 * How an existing table differs from its spec, one sentence each; empty if it can be used as it is. Only the table's key
 * and the model's own indexes are compared: name, key and projection, with the keys' types. Its owner may choose
 * everything else: further indexes with their attribute definitions, billing, tags, streams, time to live.
 */
export function schemaDifferences(spec: TableSpec, description: TableDescription): string[] {
  const model = modelOf(spec);
  const key = keyDifference(model, description);
  return [
    ...(key === undefined ? [] : [differentKey('The table', key)]),
    ...model.globalSecondaryIndexes.flatMap((index) => indexDifferences(model, index, description)),
  ];
}

/** Two keys that are not the same, as `PK (S), SK (N)`. */
export interface KeyDifference {
  readonly found: string;
  readonly expected: string;
}

/** How the key of an existing table differs from the model's; `undefined` where it does not. */
export function keyDifference(
  { keySchema, attributeDefinitions }: Pick<TableModel, 'keySchema' | 'attributeDefinitions'>,
  { KeySchema, AttributeDefinitions }: TableDescription,
): KeyDifference | undefined {
  const expected = keySchemaText(keySchema, attributeDefinitions);
  const found = keySchemaText(KeySchema, AttributeDefinitions);
  return found === expected ? undefined : { found, expected };
}

function differentKey(subject: string, { found, expected }: KeyDifference): string {
  return `${subject} has the key ${found} where ${expected} is expected.`;
}

function indexDifferences(model: TableModel, index: Index, description: TableDescription): string[] {
  const name = index.IndexName;
  const found = description.GlobalSecondaryIndexes?.find((candidate) => candidate.IndexName === name);
  if (found === undefined) return [missingIndex(name, description)];
  if (found.IndexStatus === 'DELETING') return [`Index ${name} is being deleted.`];
  const key = keyDifference(
    { ...model, keySchema: index.KeySchema },
    { ...description, KeySchema: found.KeySchema },
  );
  return [
    ...(key === undefined ? [] : [differentKey(`Index ${name}`, key)]),
    ...projectionDifferences(index, found.Projection),
  ];
}

function missingIndex(name: string, description: TableDescription): string {
  const local = description.LocalSecondaryIndexes?.some((candidate) => candidate.IndexName === name);
  return local === true
    ? `Index ${name} is a local secondary index where a global one is expected.`
    : `Index ${name} is missing.`;
}

function projectionDifferences(
  { IndexName, Projection: { ProjectionType: expected } }: Index,
  projection: Projection | undefined,
): string[] {
  const found = projection?.ProjectionType ?? 'nothing';
  return found === expected ? [] : [`Index ${IndexName} projects ${found} where ${expected} is expected.`];
}
