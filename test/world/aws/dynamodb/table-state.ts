import type { CreateTableCommandInput, Tag } from '@aws-sdk/client-dynamodb';
import type { WireItem, WireValue } from '../../../../functions/shared/items/wire-item.ts';
import type { ResourcePolicy } from '../../../../workflow/local/dynamodb/policy-document.ts';
import type { ViewType } from '../../../../workflow/local/dynamodb/streams/stream-records.ts';
import { tableNotFound } from '../errors.ts';
import type { Aws, Lagging, RecentChange } from '../state.ts';

/** A key attribute. */
export interface KeyAttribute {
  readonly name: string;
  readonly type: 'S' | 'N' | 'B';
}

/** The attributes of a key. */
export interface TableKey {
  readonly partition: KeyAttribute;
  readonly sort?: KeyAttribute;
}

/** A global or local index. Its items are found by looking at every item of the table. */
export interface TableIndex {
  readonly name: string;
  readonly key: TableKey;
  readonly isGlobal: boolean;
  readonly projection: 'ALL' | 'KEYS_ONLY' | 'INCLUDE';
  /** Further attributes of INCLUDE. */
  readonly included: readonly string[];
}

/** One item, in its place. */
export interface Row {
  /** Unique in the table. */
  readonly key: string;
  /** Of the partition key, 32 bits; it decides the segment and the order of a Scan. */
  readonly hash: number;
  readonly partition: string;
  readonly sort: WireValue | undefined;
  item: WireItem;
  bytes: number;
}

/** One table. */
export interface Table {
  readonly name: string;
  readonly id: string;
  readonly arn: string;
  readonly key: TableKey;
  readonly indexes: readonly TableIndex[];
  /** As it was created, without what the other fields have; UpdateTable changes it. */
  settings: Omit<CreateTableCommandInput, 'Tags' | 'ResourcePolicy' | 'StreamSpecification'>;
  readonly createdAt: number;
  /**
   * It passes for a large one: the items that DescribeTable states, whose count is six hours old, and the items after which
   * its pages end.
   */
  large?: { readonly items: number; readonly pageItems: number };
  /** Until then it is CREATING. */
  activeAt: number;
  /** Whether DescribeTable has shown it as ACTIVE. */
  isSeen?: boolean;
  /** Until then it is UPDATING. */
  updatedAt: number;
  /** Once it is being deleted: until then it is DELETING, afterwards gone. */
  goneAt?: number;
  readonly rows: Map<string, Row>;
  /** By hash, partition and sort key. */
  readonly inOrder: Row[];
  /** By key: the transaction that is at an item. */
  readonly locks: Map<string, object>;
  /** The last changes, oldest first. */
  readonly recent: RecentChange[];
  readonly tags: Lagging<readonly Tag[]>;
  readonly policy: Lagging<TablePolicy | undefined>;
  /** What is enforced; it may follow {@link policy} a moment later. */
  readonly enforced: Lagging<TablePolicy | undefined>;
  readonly timeToLive: Lagging<string | undefined>;
  timeToLiveChangedAt?: number;
  readonly recovery: Lagging<boolean>;
  /** The newest one. */
  streamArn?: string;
}

/** The policy that a table has. */
export interface TablePolicy {
  readonly policy: ResourcePolicy;
  readonly revisionId: string;
}

/** An on-demand backup. */
export interface Backup {
  readonly arn: string;
  readonly name: string;
  readonly tableName: string;
  readonly tableId: string;
  readonly createdAt: number;
  /** Until then it is CREATING. */
  readonly availableAt: number;
  /** The items as they are in it. */
  readonly items: readonly WireItem[];
}

/** A part of a stream that is read in order. */
export interface StreamShard {
  readonly id: string;
  readonly parentId: string | undefined;
  /** Hashes of partition keys, `to` excluded. */
  readonly from: number;
  readonly to: number;
  readonly records: ChangeRecord[];
  isClosed: boolean;
}

/** One change of one item. */
export interface ChangeRecord {
  readonly sequence: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly keys: WireItem;
  readonly before: WireItem | undefined;
  readonly after: WireItem | undefined;
  /** Deleted by time to live. */
  readonly isExpiry: boolean;
}

/** The stream of a table. */
export interface Stream {
  readonly arn: string;
  readonly tableName: string;
  readonly viewType: ViewType;
  readonly shards: StreamShard[];
  /** Epoch milliseconds; absent while it is enabled. */
  disabledAt?: number;
}

/** The table of this name or ARN. @throws ResourceNotFoundException */
export function findTable(aws: Aws, nameOrArn: string | undefined): Table {
  const name = tableNameOf(nameOrArn);
  const table = presentTable(aws, name);
  if (table === undefined) throw tableNotFound(name);
  return table;
}

/** The name in a name or ARN. */
export function tableNameOf(nameOrArn = ''): string {
  return nameOrArn.startsWith('arn:') ? (nameOrArn.split('/')[1] ?? '') : nameOrArn;
}

/** The table of this name, in whatever state. A deleted one whose time has come is forgotten. */
export function presentTable(aws: Aws, name: string): Table | undefined {
  const table = aws.state.tables.get(name);
  if (table?.goneAt === undefined || aws.now() < table.goneAt) return table;
  aws.state.tables.delete(name);
  return undefined;
}

/** The table's status now. */
export function statusOf(aws: Aws, table: Table): 'CREATING' | 'ACTIVE' | 'UPDATING' | 'DELETING' {
  if (table.goneAt !== undefined) return 'DELETING';
  if (aws.now() < table.activeAt) return 'CREATING';
  return aws.now() < table.updatedAt ? 'UPDATING' : 'ACTIVE';
}

/**
 * The table, for reading and writing items. A table in DELETING may still take requests, without effect on what comes.
 *
 * @throws ResourceNotFoundException where there is none, or not yet, or no more
 */
export function usableTable(aws: Aws, nameOrArn: string | undefined): Table {
  const table = findTable(aws, nameOrArn);
  const status = statusOf(aws, table);
  const isRefused =
    status === 'CREATING' ||
    (status === 'DELETING' && aws.choose(2, `${table.name} is DELETING and still takes requests`) === 0);
  if (isRefused) throw tableNotFound(table.name);
  return table;
}
