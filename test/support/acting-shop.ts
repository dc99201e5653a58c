import { canonicalJson } from '../../functions/shared/items/canonical-json.ts';
import { stringAttribute, type WireItem } from '../../functions/shared/items/wire-item.ts';
import type { FaultShop } from './fault-shop.ts';
import { type ShopMemory, shopMemory } from './writing-shop.ts';

/** What the shop does at one moment. `pick` chooses the table or the item. */
export interface ShopAct {
  readonly kind: 'order' | 'note' | 'change product' | 'add product' | 'remove product' | 'read';
  readonly pick: number;
}

/** A shop that continues to sell. It reads and writes its old table and the new ones, and remembers every answer. */
export interface ActingShop extends Pick<ShopMemory, 'lost' | 'forget' | 'refusedCount'> {
  /** Begins an act; {@link ActingShop.settled} tells when it is over. */
  act(act: ShopAct): void;
  settled(): Promise<void>;
  /** Whether a write into a target table was answered 200. */
  readonly hasWritten: boolean;
  /** Every version of the products that the shop has changed, by id. `undefined` means that it was removed. */
  readonly versions: ReadonlyMap<string, readonly (WireItem | undefined)[]>;
  /** The canonical items that `products` must hold now. */
  productsNow(before: readonly string[]): readonly string[];
}

const targets = ['cart', 'orders', 'returns', 'products-enhanced'] as const;

/** For the products that are in the source now, spelled as DynamoDB returns them. */
export async function actingShop({ dynamo }: FaultShop): Promise<ActingShop> {
  const memory = shopMemory(dynamo);
  const now = new Map(
    (await dynamo.scan('products')).map((product) => [stringAttribute(product, 'id') ?? '', product]),
  );
  const versions = new Map<string, (WireItem | undefined)[]>();
  let last: Promise<unknown> = Promise.resolve();
  let count = 0;

  const note = (id: string, version: WireItem | undefined): void => {
    versions.set(id, [...(versions.get(id) ?? [now.get(id)]), version]);
    if (version === undefined) now.delete(id);
    else now.set(id, version);
  };
  const picked = (pick: number): WireItem | undefined => [...now.values()][pick % Math.max(1, now.size)];

  const putProduct = async (product: WireItem): Promise<void> => {
    await dynamo.put('products', product);
    const { id } = product;
    const Key = { id };
    const { Item } = await dynamo.call<{ Item: WireItem }>('GetItem', {
      TableName: 'products',
      Key,
      ConsistentRead: true,
    });
    note(stringAttribute(product, 'id') ?? '', Item);
  };
  const removeProduct = async (product: WireItem): Promise<void> => {
    const { id } = product;
    await dynamo.call('DeleteItem', { TableName: 'products', Key: { id } });
    note(stringAttribute(product, 'id') ?? '', undefined);
  };
  const noteOn = async (pick: number): Promise<void> => {
    const items = await dynamo.scan('products-enhanced').catch((): readonly WireItem[] => []);
    const item = items[pick % Math.max(1, items.length)];
    if (item?.PK !== undefined && item.SK !== undefined)
      await memory.mark('products-enhanced', { PK: item.PK, SK: item.SK });
  };

  const carryOut = async ({ kind, pick }: ShopAct): Promise<unknown> => {
    count += 1;
    const product = picked(pick);
    switch (kind) {
      case 'order': {
        const key = { PK: { S: `SHOP-ORDER#${count}` }, SK: { S: 'METADATA' } };
        return memory.mark(targets[pick % targets.length] ?? 'orders', key);
      }
      case 'note':
        return noteOn(pick);
      case 'add product':
        return putProduct({ id: { S: `sold-${count}` }, name: { S: 'New' }, price: { S: '1.00' } });
      case 'change product':
        return product && putProduct({ ...product, shopPrice: { N: String(count) } });
      case 'remove product':
        return product && removeProduct(product);
      case 'read':
        return Promise.allSettled(targets.map((table) => dynamo.scan(table)));
    }
  };

  return {
    versions,
    lost: memory.lost,
    forget: memory.forget,
    get refusedCount() {
      return memory.refusedCount;
    },
    get hasWritten() {
      return memory.acknowledgedCount > 0;
    },
    act(act) {
      last = last.then(() => carryOut(act)).catch(() => undefined);
    },
    settled: async () => void (await last),
    productsNow(before) {
      const untouched = before.filter((text) => {
        const id = stringAttribute(JSON.parse(text) as WireItem, 'id') ?? '';
        return !versions.has(id);
      });
      const touched = [...versions.keys()]
        .map((id) => now.get(id))
        .filter((product) => product !== undefined);
      return [...untouched, ...touched.map(canonicalJson)].toSorted();
    },
  };
}
