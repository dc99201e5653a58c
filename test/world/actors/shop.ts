import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { SHOP_MARK } from '../../support/writing-shop.ts';
import { filledNames, itemsOf, restoredTables, SOURCE, TARGET } from '../holdings.ts';
import { idOf, type Memory, textOfKey } from '../memory.ts';
import type { Sender } from '../network.ts';
import { newLife } from '../scheduler.ts';
import type { World } from '../world.ts';
import { placeOfItem } from '../aws/dynamodb/keys.ts';
import { tableOf } from '../holdings.ts';

/** What the shop does at one moment. */
export const SHOP_ACTS = [
  'order',
  'note',
  'note product',
  'change product',
  'add product',
  'remove product',
  'read',
] as const;

export type ShopAct = (typeof SHOP_ACTS)[number];

/** What it does with the newest restored table. */
export type RestoredAct = 'note restored' | 'order restored';

const TABLES = ['cart', 'orders', 'returns', TARGET] as const;

/** The item that a product becomes first, whether or not it is there. */
const targetOf = (product: WireItem): WireItem => ({
  PK: { S: `PRODUCT#${idOf(product)}` },
  SK: { S: 'METADATA' },
});

/** An item of the target. */
interface Place {
  readonly table: string;
  readonly item: WireItem;
}

/** A shop that goes on selling. It sends one request after the other, and remembers what was applied and answered. */
export interface Shop {
  act(act: ShopAct | RestoredAct): void;
}

export function openShop(world: World, memory: Memory): Shop {
  const { scheduler, network } = world;
  const sender: Sender = {
    life: newLife(),
    caller: { name: 'shop', tags: {} },
    isTroubled: false,
    underWay: new Set(),
  };
  let count = 0;
  const send = (
    operation: string,
    input: object,
    whenApplied: () => void = () => undefined,
  ): Promise<unknown> =>
    network
      .send(sender, {
        service: 'dynamodb',
        operation,
        input,
        timeoutMillis: 10_000,
        isWatched: false,
        whenApplied,
      })
      .catch(() => undefined);

  const mark = async (tableName: string, Key: WireItem): Promise<void> => {
    count += 1;
    const name = `${SHOP_MARK}${count}`;
    let write: { isAnswered: boolean } | undefined;
    const input = {
      TableName: tableName,
      Key,
      UpdateExpression: 'SET #mark = :true',
      ExpressionAttributeNames: { '#mark': name },
      ExpressionAttributeValues: { ':true': { BOOL: true } },
    };
    await send('UpdateItem', input, () => {
      const table = tableOf(world, tableName);
      if (table !== undefined)
        write = memory.noteItem({
          table: tableName,
          key: placeOfItem(table, Key).key,
          text: textOfKey(Key),
          mark: name,
        });
    });
    if (write !== undefined) write.isAnswered = true;
  };
  /** By chance, other sizes than before: the variants of the old ones become stale. */
  const changedSizes = (): WireItem =>
    scheduler.chance(0.4) ? { sizes: { L: [{ S: scheduler.pick(['S', 'M', 'XL']) }] } } : {};
  const products = (): readonly WireItem[] => itemsOf(world, SOURCE);
  const pick = <T>(from: readonly T[]): T | undefined =>
    from[scheduler.between(0, Math.max(0, from.length - 1))];
  const put = (product: WireItem): Promise<unknown> =>
    send('PutItem', { TableName: SOURCE, Item: product }, () => memory.noteProduct(idOf(product)));

  const carryOut = (act: ShopAct | RestoredAct): Promise<unknown> => {
    count += 1;
    const product = pick(products());
    switch (act) {
      case 'order':
        return mark(scheduler.pick(TABLES), { PK: { S: `SHOP-ORDER#${count}` }, SK: { S: 'METADATA' } });
      case 'note':
        return note(pick(filledNames(world).flatMap(placesIn)));
      case 'note product':
        return note(product && { table: TARGET, item: targetOf(product) });
      case 'add product':
        return put({ id: { S: `sold-${count}` }, name: { S: 'New' }, price: { S: '1.00' } });
      case 'change product':
        return product === undefined
          ? Promise.resolve()
          : put({ ...product, ...changedSizes(), shopPrice: { N: String(count) } });
      case 'remove product':
        return remove(product);
      case 'note restored':
        return markRestored((name) => pick(itemsOf(world, name))?.id);
      case 'order restored':
        return markRestored(() => ({ S: `SHOP-ORDER#${count}` }));
      case 'read':
        return send('Scan', { TableName: scheduler.pick(TABLES) });
    }
  };
  const markRestored = (idIn: (table: string) => WireItem[string] | undefined): Promise<unknown> => {
    const name = restoredTables(world).at(-1);
    const id = name === undefined ? undefined : idIn(name);
    return name === undefined || id === undefined ? Promise.resolve() : mark(name, { id });
  };
  const placesIn = (table: string): readonly Place[] =>
    itemsOf(world, table).map((item) => ({ table, item }));
  const note = (place: Place | undefined): Promise<unknown> => {
    const { PK, SK } = place?.item ?? {};
    return place === undefined || PK === undefined || SK === undefined
      ? Promise.resolve()
      : mark(place.table, { PK, SK });
  };
  const remove = (product: WireItem | undefined): Promise<unknown> => {
    if (product?.id === undefined) return Promise.resolve();
    const { id } = product;
    return send('DeleteItem', { TableName: SOURCE, Key: { id } }, () => memory.noteProduct(idOf(product)));
  };
  return {
    act(act) {
      scheduler.note(`the shop: ${act}`);
      void carryOut(act);
    },
  };
}
