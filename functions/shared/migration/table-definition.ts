import type { KeyType, TableKey } from '../items/item-key.ts';
import type { BillingSpec, IndexSpec } from './table-spec.ts';

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

/** The key as a list of its attributes. */
export function tableKey({ partition, sort }: KeyDefinition): TableKey {
  const parts = sort === undefined ? [partition] : [partition, sort];
  return parts.map(([name, type]) => ({ name, type }));
}

/**
 * Takes each field that the shape does not have as `never`, at any depth. A misspelled field that may be left out would
 * compile otherwise, and be ignored: a generic parameter takes further fields.
 */
export type Known<T, Shape> = T extends readonly unknown[]
  ? { readonly [I in keyof T]: Known<T[I], Shape extends readonly (infer Element)[] ? Element : never> }
  : T extends object
    ? { readonly [F in keyof T]: F extends FieldOf<Shape> ? Known<T[F], ValueIn<Shape, F>> : never }
    : T;

/** Of a union, the fields of all its members. */
type FieldOf<Shape> = Shape extends object ? keyof Shape : never;
type ValueIn<Shape, F> = Shape extends object
  ? F extends keyof Shape
    ? NonNullable<Shape[F]>
    : never
  : never;
