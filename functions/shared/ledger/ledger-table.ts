import { retry } from '../retry.ts';
import {
  BatchGetCommand,
  type DynamoDBDocumentClient,
  paginateQuery,
  type QueryCommandInput,
} from '@aws-sdk/lib-dynamodb';

/** Where the ledger lives; first argument of everything that reads or writes it. */
export interface LedgerTable {
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
}

/**
 * The form of the ledger's items. Raised with every change that older code would misread; a run of another form is
 * refused with a sentence, never half-read.
 */
export const LEDGER_VERSION = 1;

/** What every item of the ledger carries. */
export const versioned = { ledgerVersion: LEDGER_VERSION } as const;

/** Primary key of a ledger item. */
export interface LedgerKey {
  readonly PK: string;
  readonly SK: string;
}

/** Index that lists runs by start: `entity` (always `RUN`), `startedAt`. Eventually consistent. */
export const runsIndex = 'RunsIndex';

export const runKey = (runId: string): LedgerKey => ({ PK: `RUN#${runId}`, SK: 'RUN' });
export const tableKey = (runId: string, tableName: string): LedgerKey => ({
  PK: `RUN#${runId}`,
  SK: `TABLE#${tableName}`,
});
export const shardKey = (runId: string, state: string, shard: number): LedgerKey => ({
  PK: `RUN#${runId}`,
  SK: `SHARD#${state}#${shard}`,
});
/** A run that announced a table, found by the table's name: strongly consistent, which no index is. */
export const announcementKey = (tableName: string, runId: string): LedgerKey => ({
  PK: `TABLE#${tableName}`,
  SK: `RUN#${runId}`,
});
/** Under the earlier run: `by` relies on it. */
export const reliedKey = (runId: string, by: string): LedgerKey => ({
  PK: `RUN#${runId}`,
  SK: `RELIED#${by}`,
});
/** Under the later run: it relies on `on`. */
export const reliesKey = (runId: string, on: string): LedgerKey => ({
  PK: `RUN#${runId}`,
  SK: `RELIES#${on}`,
});
/** Not padded: {@link listFiles} sorts by number. */
export const fileKey = (runId: string, segment: number, sequence: number): LedgerKey => ({
  PK: `RUN#${runId}`,
  SK: `FILE#${segment}-${sequence}`,
});
/** One object of items that were kept before they were replaced. */
export const undoKey = (runId: string, stem: string, number: number): LedgerKey => ({
  PK: `RUN#${runId}`,
  SK: `UNDO#${stem}#${number}`,
});
export const failureKey = (runId: string, index: number): LedgerKey => ({
  PK: `RUN#${runId}`,
  SK: `FAILURE#${index}`,
});
export const executionKey = (executionName: string): LedgerKey => ({
  PK: `EXEC#${executionName}`,
  SK: 'EXEC',
});
export const lockKey = (table: string): LedgerKey => ({ PK: `LOCK#${table}`, SK: 'LOCK' });

/** Beyond this the state's own retry is the better place. */
const PATIENCE_MILLIS = 20_000;

/** A ledger item as it is stored. */
type LedgerItem = Readonly<Record<string, unknown>>;

/** A query of the ledger, without what {@link query} says itself. */
export type LedgerQuery = Omit<QueryCommandInput, 'TableName' | 'ExclusiveStartKey'>;

/** The items that a query finds, page by page. @throws the SDK's errors */
export async function* query(
  { client, tableName }: LedgerTable,
  input: LedgerQuery,
): AsyncGenerator<Record<string, unknown>> {
  for await (const { Items = [] } of paginateQuery({ client }, { TableName: tableName, ...input }))
    yield* Items;
}

/** All that a query finds. @throws the SDK's errors */
export async function queryAll(ledger: LedgerTable, input: LedgerQuery): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = [];
  for await (const item of query(ledger, input)) items.push(item);
  return items;
}

/** Every item of a partition whose sort key begins so, in its order. Strongly consistent. @throws the SDK's errors */
export function listBelow(
  ledger: LedgerTable,
  partition: string,
  prefix: string,
): Promise<Record<string, unknown>[]> {
  return queryAll(ledger, {
    KeyConditionExpression: 'PK = :partition AND begins_with(SK, :prefix)',
    ExpressionAttributeValues: { ':partition': partition, ':prefix': prefix },
    ConsistentRead: true,
  });
}

/**
 * Reads items in one strongly consistent request, in the order of their keys; `undefined` where there is none.
 *
 * @throws the SDK's errors
 */
export async function readTogether(
  { client, tableName }: LedgerTable,
  keys: readonly LedgerKey[],
): Promise<readonly (LedgerItem | undefined)[]> {
  const found = new Map<string, LedgerItem>();
  const nameOf = ({ PK, SK }: LedgerItem): string => JSON.stringify([PK, SK]);
  let pending: Record<string, unknown>[] = keys.map((key) => ({ ...key }));
  const readPending = async (): Promise<void> => {
    const { Responses, UnprocessedKeys } = await client.send(
      new BatchGetCommand({ RequestItems: { [tableName]: { Keys: pending, ConsistentRead: true } } }),
    );
    for (const item of Responses?.[tableName] ?? []) found.set(nameOf(item), item);
    pending = UnprocessedKeys?.[tableName]?.Keys ?? [];
    if (pending.length > 0) throw unprocessed(tableName);
  };
  // The SDK repeats what is refused as a whole, but not the keys that an answer leaves out.
  await retry({ clock: Date, deadline: Date.now() + PATIENCE_MILLIS }, readPending);
  return keys.map((key) => found.get(nameOf({ ...key })));
}

/** Called a throttle, because that is what leaves keys unprocessed. */
function unprocessed(tableName: string): Error {
  const error = new Error(`DynamoDB has left keys of a request to ${tableName} unprocessed.`);
  return Object.assign(error, { name: 'ThrottlingException' });
}
