import type { KeyType, TableKey } from '../items/item-key.ts';

/** A key: names of attributes, whose types stand in {@link TableSpec.attributes}. */
export interface KeySpec {
  readonly partitionKey: string;
  readonly sortKey?: string;
}

/** How a table or an index is paid for; units are DynamoDB capacity units (4 KB read, 1 KB written, per second). */
export type BillingSpec =
  | { readonly mode: 'PAY_PER_REQUEST' }
  | {
      readonly mode: 'PROVISIONED';
      readonly readUnitsPerSecond: number;
      readonly writeUnitsPerSecond: number;
    };

/** A global secondary index. It is paid for like its table, with as many units of its own. */
export interface IndexSpec {
  readonly name: string;
  readonly key: KeySpec;
  readonly projection: 'ALL' | 'KEYS_ONLY';
}

/**
 * A table as data, as the engine reads it. The same object creates the table, checks an existing one, sizes its
 * cost and is what the tests read. A migration writes its tables with `defineTable`, which makes this.
 */
export interface TableSpec {
  /** The name without the deployment's prefix; {@link tableName} adds it. */
  readonly name: string;
  /** The key under `functions:` of the function that creates it. */
  readonly createdBy: string;
  readonly key: KeySpec;
  /** Exactly the attributes that the table's key and its indexes' keys use. */
  readonly attributes: Readonly<Record<string, KeyType>>;
  readonly billing: BillingSpec;
  readonly indexes: readonly IndexSpec[];
  /** Attribute that holds the time of expiry in epoch seconds. Absent: items do not expire. */
  readonly timeToLiveAttribute?: string;
}

/** The table's name in an account: the deployment's `tablePrefix` (may be empty), then the spec's name. */
export function tableName(spec: Pick<TableSpec, 'name'>, tablePrefix: string): string {
  return `${tablePrefix}${spec.name}`;
}

/** The table's key with the types of its attributes. */
export function keyOfSpec({ key, attributes }: Pick<TableSpec, 'key' | 'attributes'>): TableKey {
  const names = key.sortKey === undefined ? [key.partitionKey] : [key.partitionKey, key.sortKey];
  return names.map((name) => ({ name, type: attributes[name] ?? 'S' }));
}
