import { setTimeout as sleep } from 'node:timers/promises';
import type { WireItem } from '../../functions/shared/items/wire-item.ts';
import type { RawDynamoDb } from './raw-dynamodb.ts';

/** One write of the shop that was answered 200. */
interface Acknowledged {
  readonly table: string;
  readonly key: WireItem;
  /** An attribute that only this write has given the item. */
  readonly mark: string;
}

/** Begins the name of every attribute that the shop writes into a target table. */
export const SHOP_MARK = 'shopNote';

/** The answers to a shop's writes into the target tables. */
export interface ShopMemory {
  /** Gives an item a unique mark, and creates the item if it does not exist. Never throws. */
  readonly mark: (table: string, key: WireItem) => Promise<void>;
  readonly acknowledgedCount: number;
  /** Writes that a resource policy refused. */
  readonly refusedCount: number;
  /** Writes to a table that the shop has itself deleted since are not counted as lost. */
  readonly forget: (table: string) => void;
  /** Acknowledged writes that are gone, one sentence each. */
  readonly lost: () => Promise<readonly string[]>;
}

/** A shop that writes into the new tables at any time, and remembers the answers. */
export interface WritingShop extends ShopMemory {
  /** Writes one new order, and one note on an item of `products-enhanced`. Resolves when both were answered. */
  writeOnce(): Promise<void>;
  /** Writes every few milliseconds until it is told to stop. */
  start(): void;
  stop(): Promise<void>;
}

const PAUSE_MILLIS = 3;

const identityOf = ({ PK, SK }: WireItem): string => JSON.stringify([PK, SK]);

/** Items of these tables by their keys. A table that does not exist has none. */
async function itemsByKey(
  dynamo: RawDynamoDb,
  tables: Iterable<string>,
): Promise<ReadonlyMap<string, ReadonlyMap<string, WireItem>>> {
  const names = await dynamo.tableNames();
  const contents = new Map<string, ReadonlyMap<string, WireItem>>();
  for (const table of new Set(tables)) {
    const items = names.includes(table) ? await dynamo.scan(table) : [];
    contents.set(table, new Map(items.map((item) => [identityOf(item), item])));
  }
  return contents;
}

export function shopMemory(dynamo: RawDynamoDb): ShopMemory {
  let acknowledged: Acknowledged[] = [];
  let refusedCount = 0;
  let count = 0;
  return {
    async mark(table, key) {
      count += 1;
      const mark = `${SHOP_MARK}${count}`;
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
    },
    get acknowledgedCount() {
      return acknowledged.length;
    },
    get refusedCount() {
      return refusedCount;
    },
    forget(table) {
      acknowledged = acknowledged.filter((write) => write.table !== table);
    },
    async lost() {
      const contents = await itemsByKey(
        dynamo,
        acknowledged.map(({ table }) => table),
      );
      return acknowledged
        .filter(({ table, key, mark }) => contents.get(table)?.get(identityOf(key))?.[mark] === undefined)
        .map(({ table, key, mark }) => `${mark} of ${JSON.stringify(key)} in ${table}`);
    },
  };
}

/** @param product key of an item of `products-enhanced` that the shop puts notes on */
export function writingShop(
  dynamo: RawDynamoDb,
  product: { readonly PK: string; readonly SK: string },
): WritingShop {
  const memory = shopMemory(dynamo);
  let orders = 0;
  let running: Promise<void> | undefined;
  let stopping = new AbortController();
  const writeOnce = async (): Promise<void> => {
    orders += 1;
    const order = { PK: { S: `ORDER#${orders}` }, SK: { S: 'METADATA' } };
    await Promise.all([
      memory.mark('orders', order),
      memory.mark('products-enhanced', { PK: { S: product.PK }, SK: { S: product.SK } }),
    ]);
  };
  return {
    mark: memory.mark,
    forget: memory.forget,
    lost: memory.lost,
    get acknowledgedCount() {
      return memory.acknowledgedCount;
    },
    get refusedCount() {
      return memory.refusedCount;
    },
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
  };
}
