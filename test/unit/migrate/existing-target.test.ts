import { afterEach, describe, expect, it } from 'vitest';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import { productToItems, transformContext } from '../../support/shop.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import {
  awsError,
  changeSource,
  type MigrateBench,
  migrateBench,
  noted,
  shopItem,
  sizedProduct,
  sizedProducts,
  snapshot,
  targetKey,
  targetName,
} from './migrate-bench.ts';

let bench: MigrateBench;
afterEach(() => bench.stop());

/** What the run makes of a product. */
function itemsFor(run: Run, product: WireItem): readonly WireItem[] {
  const result = productToItems(product, transformContext(run));
  return result.kind === 'items' ? result.items : [];
}

describe('an existing target', () => {
  it('keeps every item of its own, and gets the others', async () => {
    bench = await migrateBench({ products: sizedProducts(3), existing: [shopItem] });
    await bench.migrate();
    const target = await bench.target();
    expect(target.size).toBe(15);
    expect(target.get(targetKey('VARIANT#PRO-M-P1-1DEE6E3EC6'))).toEqual(shopItem);
    expect((await bench.shard())?.counters).toMatchObject({
      items: 15,
      alreadyPresent: 1,
      replaced: 0,
      keptChanged: 0,
    });
  });

  it('is not changed at all by a second run', async () => {
    bench = await migrateBench({ products: sizedProducts(3) });
    await bench.migrate();
    const before = await snapshot(bench);
    const run = await bench.nextRun('run-2');
    await bench.migrate(run);
    expect(await snapshot(bench)).toBe(before);
    expect((await bench.shard(run))?.counters).toMatchObject({ items: 15, alreadyPresent: 15 });
  });

  it('names what a second run leaves older than the source, at no further request', async () => {
    bench = await migrateBench({ products: sizedProducts(3) });
    await bench.migrate();
    await changeSource(bench, sizedProduct(1, { price: { S: '170' } }));
    await bench.put(noted((await bench.target()).get(targetKey('VARIANT#PRO-S-P1-1DEE6E3EC6')) ?? {}));
    const before = await snapshot(bench);
    const run = await bench.nextRun('run-2');
    const requests: string[] = [];
    const { items } = bench.runtime;
    const spied = bench.withItems({
      batchGet: (table, keys) => {
        requests.push(`batchGet ${keys.length}`);
        return items.batchGet(table, keys);
      },
      putIf: (table, item, condition) => {
        requests.push('putIf');
        return items.putIf(table, item, condition);
      },
    });
    await bench.migrate(run, spied);
    expect(await snapshot(bench)).toBe(before);
    expect(requests).toEqual(['batchGet 15']);
    const shard = await bench.shard(run);
    expect(shard?.counters).toMatchObject({ items: 15, alreadyPresent: 15, outdated: 3, keptChanged: 0 });
    expect(shard?.samples?.['outdated']?.toSorted()).toEqual([
      'PRODUCT#p-1 / VARIANT#PRO-L-P1-1DEE6E3EC6',
      'PRODUCT#p-1 / VARIANT#PRO-M-P1-1DEE6E3EC6',
      'PRODUCT#p-1 / VARIANT#PRO-XL-P1-1DEE6E3EC6',
    ]);
  });

  it('counts an item once whose answer was lost', async () => {
    bench = await migrateBench({ products: sizedProducts(3), existing: [] });
    let calls = 0;
    const losing = bench.withItems({
      async putIf(table, item, condition) {
        const outcome = await bench.runtime.items.putIf(table, item, condition);
        calls += 1;
        if (calls % 4 === 0) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
        return outcome;
      },
    });
    await bench.migrate(bench.run, losing);
    expect((await bench.shard())?.counters).toMatchObject({ items: 15, alreadyPresent: 0 });
    expect(await bench.target()).toHaveProperty('size', 15);
  });

  it('is asked what exists there by an engine that does not say', async () => {
    bench = await migrateBench({ products: sizedProducts(2), existing: [shopItem] });
    const silent = bench.withItems({
      async putIf(table, item, condition) {
        const outcome = await bench.runtime.items.putIf(table, item, condition);
        return outcome.written ? outcome : { ...outcome, existing: undefined };
      },
    });
    await bench.migrate(bench.run, silent);
    expect((await bench.shard())?.counters).toMatchObject({ items: 10, alreadyPresent: 1 });
  });

  it('gets every item through throttling, which is counted', async () => {
    bench = await migrateBench({ products: sizedProducts(6), existing: [] });
    let calls = 0;
    const throttling = bench.withItems({
      putIf(table, item, condition) {
        calls += 1;
        return calls % 3 === 0
          ? Promise.reject(awsError('ThrottlingException'))
          : bench.runtime.items.putIf(table, item, condition);
      },
    });
    await bench.migrate(bench.run, throttling);
    expect((await bench.shard())?.counters).toMatchObject({ items: 30, products: 6, alreadyPresent: 0 });
    expect((await bench.shard())?.counters['throttles']).toBeGreaterThan(10);
  });

  it('names the item that DynamoDB refuses for good', async () => {
    bench = await migrateBench({ products: sizedProducts(1), existing: [] });
    const refusing = bench.withItems({
      putIf: () => Promise.reject(awsError('ValidationException', 'Too odd.')),
    });
    await expect(bench.migrate(bench.run, refusing)).rejects.toMatchObject({ name: 'ItemRefusedError' });
  });
});

describe('a resumed run', () => {
  it('writes by condition, into its own table as well', async () => {
    bench = await migrateBench({ products: sizedProducts(3) });
    await bench.put(shopItem);
    const resumed = await bench.resume(bench.run);
    await bench.migrate(resumed);
    expect((await bench.target()).get(targetKey('VARIANT#PRO-M-P1-1DEE6E3EC6'))).toEqual(shopItem);
    expect((await bench.shard())?.counters).toMatchObject({ items: 15, alreadyPresent: 1 });
  });

  it('finds what it wrote before it was held, and does not count it as present before', async () => {
    bench = await migrateBench({ products: sizedProducts(3) });
    await bench.fill(targetName, itemsFor(bench.run, sizedProduct(0)));
    const resumed = await bench.resume(bench.run);
    await bench.migrate(resumed);
    expect((await bench.shard())?.counters).toMatchObject({ items: 15, alreadyPresent: 0 });
  });

  it('leaves alone what the shop has changed in the meantime', async () => {
    bench = await migrateBench({ products: sizedProducts(1) });
    const [metadata = {}] = itemsFor(bench.run, sizedProduct(0));
    await bench.put(noted(metadata));
    const resumed = await bench.resume(bench.run);
    await bench.migrate(resumed);
    expect((await bench.target()).get(targetKey('METADATA', 'p-0'))).toHaveProperty('note');
  });
});
