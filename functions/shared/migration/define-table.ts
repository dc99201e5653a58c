import type { KeyType, TableKey } from '../items/item-key.ts';
import { creatorOf } from './function-names.ts';
import type { BillingSpec, IndexSpec, KeySpec, TableSpec } from './table-spec.ts';

/** An attribute of a key and its type: `['PK', 'S']`. */
export type KeyAttribute = readonly [name: string, type: KeyType];

/** The key of a table or an index; without `sort` it has a partition key alone. */
export interface KeyDefinition {
  readonly partition: KeyAttribute;
  readonly sort?: KeyAttribute;
}

/** A global secondary index, paid for like its table. */
export interface IndexDefinition {
  readonly name: string;
  readonly key: KeyDefinition;
  readonly projection: IndexSpec['projection'];
}

/** A table of the new data model, as a migration writes it down. */
export interface TableDefinition {
  /** 3 to 191 letters, digits, `_`, `-` and `.`, without the deployment's prefix. */
  readonly name: string;
  readonly key: KeyDefinition;
  readonly billing: BillingSpec;
  readonly indexes?: readonly IndexDefinition[];
  /** Attribute that holds the time of expiry in epoch seconds. Absent: items do not expire. */
  readonly timeToLiveAttribute?: string;
  /** The kinds of items that the migration puts here. Absent: the table is created and stays empty. */
  readonly holds?: readonly [string, ...string[]];
  /** Key of the creating function where `create<Name>Table` does not suit. */
  readonly createdBy?: string;
  /** Key of the migrating function where `migrate<Name>` does not suit; read from the first filled table. */
  readonly migratedBy?: string;
}

/** A table that knows its key and its kinds as literal types. */
export interface DefinedTable<D extends TableDefinition = TableDefinition> extends TableSpec {
  readonly definition: D;
}

/**
 * A table as data, for the creating function, the checks, the cost and the type of what a transform puts.
 *
 * @throws RangeError for what compiles and DynamoDB refuses: names of indexes, capacity, and keys
 */
export function defineTable<const D extends TableDefinition>(definition: D): DefinedTable<D> {
  const table: TableDefinition = definition;
  const { name, key, billing, indexes = [], timeToLiveAttribute, createdBy = creatorOf(name) } = table;
  const [problem] = problemsOf(table);
  if (problem !== undefined) throw new RangeError(`Table ${name} of the migration ${problem}.`);
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

/** The key as a list of its attributes. */
export function tableKey({ partition, sort }: KeyDefinition): TableKey {
  const parts = sort === undefined ? [partition] : [partition, sort];
  return parts.map(([name, type]) => ({ name, type }));
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

const INDEX_NAME = /^[A-Za-z0-9_.-]{3,255}$/;

/** Why DynamoDB would not create the table. Its name is looked at where it is deployed, with its prefix. */
function problemsOf({ key, billing, indexes = [] }: TableDefinition): readonly string[] {
  const keys = [
    { of: 'its key', key },
    ...indexes.map((index) => ({ of: `its index ${index.name}`, key: index.key })),
  ];
  const names = indexes.map(({ name }) => name);
  return [
    ...names
      .filter((name) => !INDEX_NAME.test(name))
      .map(
        (name) =>
          `has an index "${name}"; such a name needs 3 to 255 letters, digits, underscores, hyphens and dots`,
      ),
    ...names.filter((name, at) => names.indexOf(name) < at).map((name) => `has two indexes called ${name}`),
    ...unitProblems(billing),
    ...keys
      .filter((one) => one.key.sort?.[0] === one.key.partition[0])
      .map((one) => `has ${one.key.partition[0]} as partition key and sort key of ${one.of}`),
    ...typeProblems(keys.map((one) => one.key)),
  ];
}

function unitProblems(billing: BillingSpec): readonly string[] {
  if (billing.mode === 'PAY_PER_REQUEST') return [];
  const { readUnitsPerSecond, writeUnitsPerSecond } = billing;
  return Object.entries({ readUnitsPerSecond, writeUnitsPerSecond })
    .filter(([, units]) => !Number.isSafeInteger(units) || units < 1)
    .map(([field, units]) => `has ${field} ${units}; it must be a whole number, at least 1`);
}

/** A table has one type for each attribute, whichever keys use it. */
function typeProblems(keys: readonly KeyDefinition[]): readonly string[] {
  const types = Map.groupBy(
    keys.flatMap((key) => tableKey(key)),
    ({ name }) => name,
  );
  return [...types]
    .map(([name, uses]) => [name, [...new Set(uses.map(({ type }) => type))]] as const)
    .filter(([, different]) => different.length > 1)
    .map(
      ([name, different]) =>
        `uses ${name} in its keys as type ${different.join(' and as type ')}; it has one type in all of them`,
    );
}
