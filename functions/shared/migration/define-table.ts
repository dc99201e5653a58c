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
  /** 3 to 255 letters, digits, `_`, `-` and `.`, without the deployment's prefix. */
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

/** A table as data, for the creating function, the checks, the cost and the type of what a transform puts. */
export function defineTable<const D extends TableDefinition>(definition: D): DefinedTable<D> {
  const table: TableDefinition = definition;
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
