import { setTimeout as sleep } from 'node:timers/promises';
import type { WireItem } from '../../functions/shared/wire/wire-item.ts';
import type { RawDynamoDb } from './raw-dynamodb.ts';

/** One write of the shop that was answered 200. */
interface Acknowledged {
  readonly table: string;
  readonly key: WireItem;
  /** An attribute that this write, and no other, has given the item. */
  readonly mark: string;
}

/** A shop that writes into the new tables whenever it likes, and remembers what it was answered. */
export interface WritingShop {
  /** One new order and one note on an item of `products-enhanced`; resolves when both were answered. */
  writeOnce(): Promise<void>;
  /** Writes every few milliseconds until it is told to stop. */
  start(): void;
  stop(): Promise<void>;
  readonly acknowledgedCount: number;
  /** Writes that a resource policy refused. */
  readonly refusedCount: number;
  /** Acknowledged writes that are not there any more, one sentence each. */
  lost(): Promise<readonly string[]>;
}

const PAUSE_MILLIS = 3;

/** @param product key of an item of `products-enhanced` that the shop puts notes on */
export function writingShop(
  dynamo: RawDynamoDb,
  product: { readonly PK: string; readonly SK: string },
): WritingShop {
  const acknowledged: Acknowledged[] = [];
  let refusedCount = 0;
  let count = 0;
  let running: Promise<void> | undefined;
  let stopping = new AbortController();
  const attempt = async (table: string, key: WireItem, mark: string): Promise<void> => {
    try {
      await dynamo.call('UpdateItem', {
        TableName: table,
        Key: key,
        UpdateExpression: 'SET #mark = :true',
        ExpressionAttributeNames: { '#mark': mark },
        ExpressionAttributeValues: { ':true': { BOOL: true } },
      });
      acknowledged.push({ table, key, mark });
    } catch (error) {
      if (String(error).includes('AccessDeniedException')) refusedCount += 1;
    }
  };
  const writeOnce = async (): Promise<void> => {
    count += 1;
    const mark = `note${count}`;
    const order = { PK: { S: `ORDER#${count}` }, SK: { S: 'METADATA' } };
    await Promise.all([
      attempt('orders', order, mark),
      attempt('products-enhanced', { PK: { S: product.PK }, SK: { S: product.SK } }, mark),
    ]);
  };
  return {
    writeOnce,
    start() {
      stopping = new AbortController();
      const { signal } = stopping;
      running = (async () => {
        while (!signal.aborted) {
          await writeOnce();
          await sleep(PAUSE_MILLIS);
        }
      })();
    },
    async stop() {
      stopping.abort();
      await running;
    },
    get acknowledgedCount() {
      return acknowledged.length;
    },
    get refusedCount() {
      return refusedCount;
    },
    async lost() {
      const names = await dynamo.tableNames();
      const contents = new Map<string, readonly WireItem[]>();
      for (const name of ['orders', 'products-enhanced'])
        contents.set(name, names.includes(name) ? await dynamo.scan(name) : []);
      return acknowledged
        .filter(({ table, key, mark }) => {
          const identity = JSON.stringify([key['PK'], key['SK']]);
          const found = contents.get(table)?.find(({ PK, SK }) => JSON.stringify([PK, SK]) === identity);
          return found?.[mark] === undefined;
        })
        .map(({ table, key, mark }) => `${mark} of ${JSON.stringify(key)} in ${table}`);
    },
  };
}
