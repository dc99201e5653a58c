import { isNamed } from '../errors.ts';
import { isKeyRefusal } from '../fault.ts';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { sendWire } from './wire-client.ts';
import { refusedWriteUnits } from '../items/item-size.ts';
import type { WireItem } from '../items/wire-item.ts';

/** One page of a strongly consistent Scan. */
export interface ScanPage {
  readonly items: readonly WireItem[];
  /** Where the next page starts; absent on the last one. */
  readonly lastEvaluatedKey?: WireItem;
  /** Read capacity units that DynamoDB charged. */
  readonly readUnits: number;
  /** Bytes of the answer. */
  readonly bytes: number;
}

export interface ScanRequest {
  readonly tableName: string;
  readonly segment: number;
  readonly totalSegments: number;
  readonly exclusiveStartKey?: WireItem | undefined;
  /** Items evaluated at most; absent: up to 1 MB. */
  readonly limit?: number | undefined;
}

/** The JSON text of an item, or its bytes. */
export type ItemJson = string | Buffer;

/** The result of one batch. */
export interface BatchOutcome {
  /** Items that DynamoDB did not take. */
  readonly unprocessed: readonly ItemJson[];
  readonly writeUnits: number;
}

/** A condition in DynamoDB's own words; names and values as the API takes them. */
export interface WireCondition {
  readonly expression: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: WireItem;
}

/** Answer of a conditional write. `refused` holds the existing item. */
export type ConditionalOutcome =
  | { readonly written: true; readonly writeUnits: number }
  | { readonly written: false; readonly writeUnits: number; readonly existing: WireItem | undefined };

/** Answer of a conditional deletion. */
export type DeletionOutcome =
  | {
      readonly written: true;
      readonly writeUnits: number;
      /** The item at the moment of its deletion. It may hold more than the condition named. */
      readonly old: WireItem | undefined;
    }
  | Extract<ConditionalOutcome, { readonly written: false }>;

/** Items of tables, in wire form: the part of DynamoDB's data plane that the stages see. One attempt per call. */
export interface ItemTable {
  scanPage(request: ScanRequest): Promise<ScanPage>;
  /** Strongly consistent; at most 100 keys. Returns what was found, and the keys to ask for again. */
  batchGet(
    tableName: string,
    keys: readonly WireItem[],
  ): Promise<{
    readonly items: readonly WireItem[];
    readonly unprocessedKeys: readonly WireItem[];
    readonly readUnits: number;
  }>;
  /** Unconditional puts; at most 25 items and 16 MB together. */
  batchPut(tableName: string, items: readonly ItemJson[]): Promise<BatchOutcome>;
  putIf(tableName: string, item: WireItem, condition: WireCondition): Promise<ConditionalOutcome>;
  deleteIf(tableName: string, key: WireItem, condition: WireCondition): Promise<DeletionOutcome>;
}

interface Capacity {
  readonly ConsumedCapacity?:
    | { readonly CapacityUnits?: number }
    | readonly { readonly CapacityUnits?: number }[];
}

const CONSISTENT_SCAN = { ConsistentRead: true, ReturnConsumedCapacity: 'TOTAL' };

/** A Scan answer holds fewer items than it announces, which a damaged answer does. Retried like a throttled one. */
export class IncompletePageError extends Error {
  override readonly name = 'IncompletePageError';
  constructor(tableName: string, count: number | undefined, received: number) {
    super(
      `A Scan page of ${tableName} announced ${count ?? 0} items and held ${received}. It is read again.`,
    );
  }
}

const NEXT_PUT = Buffer.from('}},{"PutRequest":{"Item":');
const END_OF_PUTS = Buffer.from('}}]},"ReturnConsumedCapacity":"TOTAL"}');

/** The data plane over HTTP. */
export function itemTable(client: DynamoDBClient): ItemTable {
  return {
    scanPage: (request) => scanPage(client, request),
    batchGet: (tableName, keys) => batchGet(client, tableName, keys),
    batchPut: (tableName, items) => batchPut(client, tableName, items),
    putIf: (TableName, Item, condition) => writeIf(client, 'PutItem', { TableName, Item }, condition),
    deleteIf: (TableName, Key, condition) =>
      writeIf(client, 'DeleteItem', { TableName, Key, ReturnValues: 'ALL_OLD' }, condition),
  };
}

async function scanPage(client: DynamoDBClient, request: ScanRequest): Promise<ScanPage> {
  const body = JSON.stringify({
    ...CONSISTENT_SCAN,
    TableName: request.tableName,
    Segment: request.segment,
    TotalSegments: request.totalSegments,
    ExclusiveStartKey: request.exclusiveStartKey,
    Limit: request.limit,
  });
  const text = await sendWire(client, 'Scan', body);
  const answer = JSON.parse(text) as Capacity & {
    Items?: WireItem[];
    Count?: number;
    LastEvaluatedKey?: WireItem;
  };
  const items = answer.Items ?? [];
  if (items.length !== (answer.Count ?? items.length))
    throw new IncompletePageError(request.tableName, answer.Count, items.length);
  const end = answer.LastEvaluatedKey === undefined ? {} : { lastEvaluatedKey: answer.LastEvaluatedKey };
  return { items, ...end, readUnits: consumedUnits(answer), bytes: text.length };
}

function consumedUnits(answer: Capacity): number {
  const consumed = [answer.ConsumedCapacity ?? []].flat();
  return consumed.reduce((sum, entry) => sum + (entry.CapacityUnits ?? 0), 0);
}

async function batchGet(client: DynamoDBClient, tableName: string, keys: readonly WireItem[]) {
  const body = JSON.stringify({
    RequestItems: { [tableName]: { Keys: keys, ConsistentRead: true } },
    ReturnConsumedCapacity: 'TOTAL',
  });
  const answer = JSON.parse(await sendWire(client, 'BatchGetItem', body)) as Capacity & {
    Responses?: Record<string, WireItem[]>;
    UnprocessedKeys?: Record<string, { Keys?: WireItem[] }>;
  };
  return {
    items: answer.Responses?.[tableName] ?? [],
    unprocessedKeys: answer.UnprocessedKeys?.[tableName]?.Keys ?? [],
    readUnits: consumedUnits(answer),
  };
}

async function batchPut(
  client: DynamoDBClient,
  tableName: string,
  items: readonly ItemJson[],
): Promise<BatchOutcome> {
  const body = putsOf(tableName, items);
  const answer = JSON.parse(await sendWire(client, 'BatchWriteItem', body)) as Capacity & {
    UnprocessedItems?: Record<string, { PutRequest?: { Item: WireItem } }[]>;
  };
  const unprocessed = (answer.UnprocessedItems?.[tableName] ?? []).flatMap(({ PutRequest }) =>
    PutRequest === undefined ? [] : [JSON.stringify(PutRequest.Item)],
  );
  return { unprocessed, writeUnits: consumedUnits(answer) };
}

/** The body of a BatchWriteItem, copied together without looking into the items. */
function putsOf(tableName: string, items: readonly ItemJson[]): Buffer {
  const parts: Buffer[] = [
    Buffer.from(`{"RequestItems":{${JSON.stringify(tableName)}:[{"PutRequest":{"Item":`),
  ];
  for (const [index, item] of items.entries()) {
    if (index > 0) parts.push(NEXT_PUT);
    parts.push(typeof item === 'string' ? Buffer.from(item) : item);
  }
  return Buffer.concat([...parts, END_OF_PUTS]);
}

/** Sends a put or delete with its condition. A refusal is an answer, not an error. */
async function writeIf(
  client: DynamoDBClient,
  operation: 'PutItem' | 'DeleteItem',
  what: Readonly<Record<string, unknown>> & { readonly Item?: WireItem },
  condition: WireCondition,
): Promise<DeletionOutcome> {
  const body = JSON.stringify({
    ...what,
    ConditionExpression: condition.expression,
    ExpressionAttributeNames: condition.names,
    ExpressionAttributeValues: condition.values,
    ReturnConsumedCapacity: 'TOTAL',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  try {
    const answer = JSON.parse(await sendWire(client, operation, body)) as Capacity & {
      Attributes?: WireItem;
    };
    return { written: true, writeUnits: consumedUnits(answer), old: answer.Attributes };
  } catch (error) {
    if (!isNamed(error, 'ConditionalCheckFailedException')) throw error;
    const existing = existingItem(error);
    return { written: false, writeUnits: refusedWriteUnits(existing, what.Item), existing };
  }
}

/** Of a refused condition. The SDK returns the existing item in its own form. {@link sendWire} says why that is not used. */
export function existingItem(error: Error): WireItem | undefined {
  const { wireBody } = error as { wireBody?: string };
  return wireBody === undefined ? undefined : (JSON.parse(wireBody) as { Item?: WireItem }).Item;
}

/** Whether DynamoDB will never take an item, be it for a rule or because the items of its partition are too many. */
export function isRefusedItem(error: unknown): error is Error {
  return (
    isNamed(error, 'ValidationException', 'ItemCollectionSizeLimitExceededException') && !isKeyRefusal(error)
  );
}
