import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DeleteCommand,
  GetCommand,
  paginateQuery,
  PutCommand,
  type QueryCommandInput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { retry } from '../retry.ts';
import { type Change, deleteItem, type Expected, type Facts, putItem, updateItem } from './actions.ts';
import type { LedgerKey, LedgerTable } from './ledger-table.ts';

/** An item as the ledger has it: what it says, beside its key and its version. */
export type Stored<Item> = Item & LedgerKey & { readonly ledgerVersion?: number };

/** Strongly consistent; `undefined` where there is no such item. @throws the SDK's errors */
export async function get<Item extends object>(
  { client, tableName }: LedgerTable,
  key: LedgerKey,
): Promise<Stored<Item> | undefined> {
  const found = await client.send(new GetCommand({ TableName: tableName, Key: key, ConsistentRead: true }));
  return found.Item as Stored<Item> | undefined;
}

/** A query of the ledger, without what {@link query} says itself. */
export type LedgerQuery = Omit<QueryCommandInput, 'TableName' | 'ExclusiveStartKey'>;

/** The items that a query finds, page by page. @throws the SDK's errors */
export async function* query<Item extends object>(
  ledger: LedgerTable,
  input: LedgerQuery,
): AsyncGenerator<Stored<Item>> {
  for await (const page of pages<Item>(ledger, input)) yield* page;
}

async function* pages<Item extends object>(
  { client, tableName }: LedgerTable,
  input: LedgerQuery,
): AsyncGenerator<readonly Stored<Item>[]> {
  for await (const { Items = [] } of paginateQuery({ client }, { TableName: tableName, ...input }))
    yield Items as Stored<Item>[];
}

/** Items of one partition. */
export interface Below {
  readonly partition: string;
  /** What their sort keys begin with. */
  readonly prefix: string;
}

/** Every item of a partition below a prefix, in its order. Strongly consistent. @throws the SDK's errors */
export function listBelow<Item extends object>(
  ledger: LedgerTable,
  { partition, prefix }: Below,
): Promise<Stored<Item>[]> {
  return listAll<Item>(ledger, {
    KeyConditionExpression: 'PK = :partition AND begins_with(SK, :prefix)',
    ExpressionAttributeValues: { ':partition': partition, ':prefix': prefix },
  });
}

/** Items of one partition, by their sort keys: the first and the last that may be meant. */
export interface Between {
  readonly partition: string;
  readonly from: string;
  readonly to: string;
}

/** Every item of a partition between two sort keys, in its order. Strongly consistent. @throws the SDK's errors */
export function listBetween<Item extends object>(
  ledger: LedgerTable,
  { partition, from, to }: Between,
): Promise<Stored<Item>[]> {
  return listAll<Item>(ledger, {
    KeyConditionExpression: 'PK = :partition AND SK BETWEEN :from AND :to',
    ExpressionAttributeValues: { ':partition': partition, ':from': from, ':to': to },
  });
}

/** The first item of a partition between two sort keys. Strongly consistent. @throws the SDK's errors */
export async function firstBetween<Item extends object>(
  ledger: LedgerTable,
  { partition, from, to }: Between,
): Promise<Stored<Item> | undefined> {
  for await (const item of query<Item>(ledger, {
    KeyConditionExpression: 'PK = :partition AND SK BETWEEN :from AND :to',
    ExpressionAttributeValues: { ':partition': partition, ':from': from, ':to': to },
    ConsistentRead: true,
    Limit: 1,
  }))
    return item;
  return undefined;
}

async function listAll<Item extends object>(
  ledger: LedgerTable,
  input: LedgerQuery,
): Promise<Stored<Item>[]> {
  const items: Stored<Item>[] = [];
  for await (const page of pages<Item>(ledger, { ...input, ConsistentRead: true })) items.push(...page);
  return items;
}

/** Beyond this the state's own retry is the better place. */
const PATIENCE_MILLIS = 20_000;

/** As many keys as a BatchGetItem takes. */
const KEYS_TOGETHER = 100;

/** Half of what a fence allows for a look: an answer takes time, too. */
const FRESH_MILLIS = 2_500;

/**
 * Reads items, strongly consistent and 100 in a request, in the order of their keys; `undefined` where there is none.
 * Where an answer leaves keys out, these are asked for again, and all of them if that takes more than 2.5 s: no item of
 * one request is much older than the others.
 *
 * @param keys no two of them the same
 * @throws the SDK's errors
 */
export async function readTogether(
  ledger: LedgerTable,
  keys: readonly LedgerKey[],
): Promise<readonly (Facts | undefined)[]> {
  const found: (Facts | undefined)[] = [];
  for (let start = 0; start < keys.length; start += KEYS_TOGETHER)
    found.push(...(await readOnce(ledger, keys.slice(start, start + KEYS_TOGETHER))));
  return found;
}

interface PartlyRead {
  readonly items: readonly Facts[];
  /** Keys that are not read yet. */
  readonly pending: readonly Record<string, unknown>[];
  /** Epoch milliseconds: when the oldest of the items was asked for. */
  readonly askedAt: number;
}

async function readOnce(
  { client, tableName, clock }: LedgerTable,
  keys: readonly LedgerKey[],
): Promise<readonly (Facts | undefined)[]> {
  const all = keys.map((key): Record<string, unknown> => ({ ...key }));
  const begin = (): PartlyRead => ({ items: [], pending: all, askedAt: clock.now() });
  let part = begin();
  const readPending = async (): Promise<void> => {
    if (part.items.length === 0) part = begin();
    const { Responses, UnprocessedKeys } = await client.send(
      new BatchGetCommand({
        RequestItems: { [tableName]: { Keys: [...part.pending], ConsistentRead: true } },
      }),
    );
    const items = [...part.items, ...(Responses?.[tableName] ?? [])];
    const isOld = part.pending !== all && clock.now() - part.askedAt > FRESH_MILLIS;
    part = isOld ? begin() : { ...part, items, pending: UnprocessedKeys?.[tableName]?.Keys ?? [] };
    if (part.pending.length > 0) throw unprocessed(tableName);
  };
  // The SDK repeats what is refused as a whole, but not the keys that an answer leaves out.
  await retry({ clock, deadline: clock.now() + PATIENCE_MILLIS }, readPending);
  return keys.map(({ PK, SK }) => part.items.find((item) => item['PK'] === PK && item['SK'] === SK));
}

/** Called a throttle, because that is what leaves keys unprocessed. */
function unprocessed(tableName: string): Error {
  const error = new Error(`DynamoDB has left keys of a request to ${tableName} unprocessed.`);
  return Object.assign(error, { name: 'ThrottlingException' });
}

/**
 * Puts a whole item.
 *
 * @returns whether it is written; `false`: what is expected does not hold, be it that our own first attempt, whose
 *   answer was lost, has changed it.
 * @throws the SDK's errors
 */
export function putIf(
  ledger: LedgerTable,
  key: LedgerKey,
  put: { readonly item: Facts; readonly if: Expected },
): Promise<boolean> {
  return isWritten(ledger.client.send(new PutCommand(putItem(ledger, key, put).Put)));
}

/** Changes some attributes of an item. @returns and throws as {@link putIf} does */
export function updateIf(ledger: LedgerTable, key: LedgerKey, change: Change): Promise<boolean> {
  return isWritten(ledger.client.send(new UpdateCommand(updateItem(ledger, key, change).Update)));
}

/** Deletes an item. @returns and throws as {@link putIf} does */
export function deleteIf(ledger: LedgerTable, key: LedgerKey, expected: Expected): Promise<boolean> {
  return isWritten(ledger.client.send(new DeleteCommand(deleteItem(ledger, key, expected).Delete)));
}

async function isWritten(request: Promise<unknown>): Promise<boolean> {
  try {
    await request;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
