import type { ItemTable } from './item-table.ts';
import type { WireItem } from '../items/wire-item.ts';

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const MAX_KEYS = 100;

/** How items are read by key. */
export interface ReadScope {
  readonly items: Pick<ItemTable, 'batchGet'>;
  readonly tableName: string;
  /** Retries, with jitter, until a deadline. */
  readonly retry: <T>(attempt: () => Promise<T>) => Promise<T>;
  /** Called with what each request was charged. */
  readonly onRead: (readUnits: number) => void;
}

/** The items under these keys, strongly consistent and in no order. Keys without an item yield none. */
export async function readItemsByKey(
  scope: ReadScope,
  keys: readonly WireItem[],
): Promise<readonly WireItem[]> {
  const { items, tableName, retry, onRead } = scope;
  const found: WireItem[] = [];
  let pending = keys;
  while (pending.length > 0) {
    await retry(async () => {
      const asked = pending.slice(0, MAX_KEYS);
      const answer = await items.batchGet(tableName, asked);
      onRead(answer.readUnits);
      found.push(...answer.items);
      pending = [...answer.unprocessedKeys, ...pending.slice(MAX_KEYS)];
      if (answer.unprocessedKeys.length >= asked.length) throw nothingRead(tableName);
    });
  }
  return found;
}

/** Named as a throttle, because throttling leaves every key unprocessed. It is retried more slowly. */
function nothingRead(tableName: string): Error {
  const error = new Error(`DynamoDB has left every key of a request to ${tableName} unprocessed.`);
  return Object.assign(error, { name: 'ThrottlingException' });
}
