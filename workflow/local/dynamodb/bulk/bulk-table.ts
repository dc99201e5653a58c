import { itemSizeBytes } from '../../../../functions/shared/items/item-size.ts';
import type { WireItem } from '../../../../functions/shared/items/wire-item.ts';
import { AwsError } from '../../gateway/aws-answers.ts';
import { identityOf } from '../resource-policies.ts';
import type { KeyElement } from '../streams/engine-log.ts';
import { validation } from './constraints.ts';

/** A table that an operation writes to. */
export interface BulkTable {
  readonly name: string;
  readonly id: string;
  readonly localIndexes: readonly BulkIndex[];
  readonly globalIndexes: readonly BulkIndex[];
}

/** An index, and which attributes of an item it holds; `undefined`: all of them. */
export interface BulkIndex {
  readonly name: string;
  readonly keyNames: readonly string[];
  readonly attributes: ReadonlySet<string> | undefined;
}

/** As much of a table's description as bulk put asks for. */
export interface BulkTableDescription {
  readonly TableName: string;
  readonly TableStatus?: string;
  readonly TableId?: string;
  readonly CreationDateTime?: number;
  readonly KeySchema: readonly KeyElement[];
  readonly Replicas?: readonly unknown[];
  readonly GlobalTableVersion?: string;
  readonly LocalSecondaryIndexes?: readonly IndexDescription[];
  readonly GlobalSecondaryIndexes?: readonly IndexDescription[];
}

interface IndexDescription {
  readonly IndexName: string;
  readonly IndexStatus?: string;
  readonly KeySchema: readonly KeyElement[];
  readonly Projection?: { readonly ProjectionType?: string; readonly NonKeyAttributes?: readonly string[] };
}

/**
 * The table that an operation may begin on: ACTIVE, or UPDATING without an index being created, and no global table.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/BulkPutItems.Considerations.html
 * @throws AwsError (ResourceNotFoundException, ResourceInUseException, ValidationException)
 */
export function bulkTableOf(name: string, described: BulkTableDescription | undefined): BulkTable {
  if (described === undefined) throw notFound(`Requested resource not found: Table: ${name} not found`);
  const { TableStatus = 'ACTIVE', Replicas = [], GlobalTableVersion } = described;
  if (TableStatus !== 'ACTIVE' && TableStatus !== 'UPDATING')
    throw inUse(`Table ${name} is in state ${TableStatus}; a bulk operation needs an ACTIVE table`);
  const { LocalSecondaryIndexes: local = [], GlobalSecondaryIndexes: global = [], KeySchema } = described;
  const creating = global.find(({ IndexStatus }) => IndexStatus === 'CREATING');
  if (creating !== undefined)
    throw inUse(`Table ${name} is creating the index ${creating.IndexName}; a bulk operation cannot start`);
  if (Replicas.length > 0 || GlobalTableVersion !== undefined)
    throw validation(`Table ${name} is a global table, which bulk put items does not support`);
  const tableKey = KeySchema.map(({ AttributeName }) => AttributeName);
  return {
    name,
    id: identityOf(described),
    localIndexes: local.map((index) => indexOf(index, tableKey)),
    globalIndexes: global.map((index) => indexOf(index, tableKey)),
  };
}

function indexOf(
  { IndexName, KeySchema, Projection }: IndexDescription,
  tableKey: readonly string[],
): BulkIndex {
  const keyNames = KeySchema.map(({ AttributeName }) => AttributeName);
  const { ProjectionType = 'ALL', NonKeyAttributes = [] } = Projection ?? {};
  const attributes =
    ProjectionType === 'ALL' ? undefined : new Set([...tableKey, ...keyNames, ...NonKeyAttributes]);
  return { name: IndexName, keyNames, attributes };
}

/** Bytes that an item takes in an index; 0 where it has no key there. */
export function indexedBytes({ keyNames, attributes }: BulkIndex, item: WireItem): number {
  if (!keyNames.every((name) => Object.hasOwn(item, name))) return 0;
  if (attributes === undefined) return itemSizeBytes(item);
  return itemSizeBytes(Object.fromEntries(Object.entries(item).filter(([name]) => attributes.has(name))));
}

export function notFound(message: string): AwsError {
  return new AwsError(400, 'ResourceNotFoundException', message);
}

export function inUse(message: string): AwsError {
  return new AwsError(400, 'ResourceInUseException', message);
}
