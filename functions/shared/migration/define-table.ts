import type { KeyType } from '../items/item-key.ts';
import { tableProblems } from './definition-problems.ts';
import { creatorOf } from './function-names.ts';
import type { KeyDefinition, Known, TableDefinition } from './table-definition.ts';
import type { KeySpec, TableSpec } from './table-spec.ts';

/** A table that knows its key and its kinds as literal types. */
export interface DefinedTable<D extends TableDefinition = TableDefinition> extends TableSpec {
  readonly definition: D;
}

/**
 * A table as data, for the creating function, the checks, the cost and the type of what a transform puts.
 *
 * @throws RangeError for what DynamoDB refuses, and for what does not compile where nobody has compiled it
 */
export function defineTable<const D extends TableDefinition>(
  definition: D & Known<D, TableDefinition>,
): DefinedTable<D> {
  const table: TableDefinition = definition;
  const [problem] = tableProblems(table);
  if (problem !== undefined) throw new RangeError(`${problem}.`);
  const { name, key, billing, indexes = [], timeToLiveAttribute, createdBy = creatorOf(name) } = table;
  return {
    name,
    createdBy,
    key: keySpec(key),
    attributes: attributesOf([key, ...indexes.map((index) => index.key)]),
    billing,
    indexes: indexes.map((index) => ({ ...index, key: keySpec(index.key) })),
    ...(timeToLiveAttribute !== undefined && { timeToLiveAttribute }),
    definition,
  };
}

/** Names alone. */
function keySpec({ partition, sort }: KeyDefinition): KeySpec {
  return sort === undefined
    ? { partitionKey: partition[0] }
    : { partitionKey: partition[0], sortKey: sort[0] };
}

/** Every attribute of the keys with its type. */
function attributesOf(keys: readonly KeyDefinition[]): Readonly<Record<string, KeyType>> {
  const attributes = keys.flatMap(({ partition, sort }) =>
    sort === undefined ? [partition] : [partition, sort],
  );
  return Object.fromEntries(attributes);
}
