import type { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { productToItems } from '../../../functions/shared/transform/product-to-items.ts';
import { transformContext } from '../../../functions/shared/transform/transform-context.ts';
import type { Run, RunParameters } from '../../../functions/shared/ledger/run.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import { takeBackItems } from '../../../functions/shared/take-back/take-back-items.ts';
import { readUndo } from '../../../functions/shared/take-back/undo-file.ts';
import { keyIdentity } from '../../../functions/shared/tables/item-key.ts';
import { canonicalJson } from '../../../functions/shared/wire/canonical-json.ts';
import { type WireItem, wireItem } from '../../../functions/shared/wire/wire-item.ts';
import {
  awsError,
  changeSource,
  type MigrateBench,
  migrateBench,
  sizedProduct,
  sizedProducts,
  targetName,
} from './migrate-bench.ts';

let bench: MigrateBench;
afterEach(() => bench.stop());

const parameters: RunParameters = {
  dryRun: false,
  onFailure: 'rollback',
  maxQuarantined: 0,
  onExisting: 'keep',
  maxConcurrency: 4,
};
const replacing = { parameters: { ...parameters, onExisting: 'replace' } } as const;
const shopItem: WireItem = {
  PK: { S: 'PRODUCT#p-1' },
  SK: { S: 'VARIANT#PRO-M-P1' },
  note: { S: 'the shop’s own' },
};

/** What the run makes of a product. */
function itemsFor(run: Run, product: WireItem): readonly WireItem[] {
  const result = productToItems(product, transformContext(run, bench.runtime.config));
  return result.kind === 'items' ? result.items : [];
}

/** The target as text, to be compared before and after. */
async function snapshot(): Promise<string> {
  const items = [...(await bench.target()).values()].map(canonicalJson);
  return items.toSorted().join('\n');
}

const keyOf = (SK: string, id = 'p-1'): string => keyIdentity({ PK: { S: `PRODUCT#${id}` }, SK: { S: SK } });
const changed = (item: WireItem, name: string): WireItem =>
  wireItem([...Object.entries(item), [name, { S: 'changed by the shop' }]]);

/** A migrated catalogue, whose first product has changed at the source, and a second run that replaces. */
async function secondRun(): Promise<Run> {
  bench = await migrateBench({ products: sizedProducts(4) });
  await bench.migrate();
  await changeSource(bench, sizedProduct(1, { price: { S: '170' } }));
  return bench.nextRun('run-2', replacing);
}

describe('a target that was there before', () => {
  it('keeps every item of its own, and gets the others', async () => {
    bench = await migrateBench({ products: sizedProducts(3), existing: [shopItem] });
    await bench.migrate();
    const target = await bench.target();
    expect(target.size).toBe(15);
    expect(target.get(keyOf('VARIANT#PRO-M-P1'))).toEqual(shopItem);
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
    const before = await snapshot();
    const run = await bench.nextRun('run-2');
    await bench.migrate(run);
    expect(await snapshot()).toBe(before);
    expect((await bench.shard(run))?.counters).toMatchObject({ items: 15, alreadyPresent: 15 });
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

  it('is asked what stands there by an engine that does not say', async () => {
    bench = await migrateBench({ products: sizedProducts(2), existing: [shopItem] });
    const silent = bench.withItems({
      async putIf(table, item, condition) {
        const outcome = await bench.runtime.items.putIf(table, item, condition);
        return outcome.written ? outcome : { ...outcome, standing: undefined };
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
    expect((await bench.target()).get(keyOf('VARIANT#PRO-M-P1'))).toEqual(shopItem);
    expect((await bench.shard())?.counters).toMatchObject({ items: 15, alreadyPresent: 1 });
  });

  it('finds what it wrote before it was held, and does not count it as there before', async () => {
    bench = await migrateBench({ products: sizedProducts(3) });
    await bench.fill(targetName, itemsFor(bench.run, sizedProduct(0)));
    const resumed = await bench.resume(bench.run);
    await bench.migrate(resumed);
    expect((await bench.shard())?.counters).toMatchObject({ items: 15, alreadyPresent: 0 });
  });

  it('leaves alone what the shop has changed in the meantime', async () => {
    bench = await migrateBench({ products: sizedProducts(1) });
    const [metadata = {}] = itemsFor(bench.run, sizedProduct(0));
    await bench.put(changed(metadata, 'note'));
    const resumed = await bench.resume(bench.run);
    await bench.migrate(resumed);
    expect((await bench.target()).get(keyOf('METADATA', 'p-0'))).toHaveProperty('note');
  });

  it('brings up to date what other code of the same run wrote', async () => {
    bench = await migrateBench({ products: sizedProducts(1) });
    const [other = {}] = itemsFor(bench.run, sizedProduct(0, { name: { S: 'Other' } }));
    await bench.put(other);
    const resumed = await bench.resume(bench.run);
    await bench.migrate(resumed);
    const [wanted = {}] = itemsFor(bench.run, sizedProduct(0));
    expect(canonicalJson((await bench.target()).get(keyOf('METADATA', 'p-0')) ?? {})).toBe(
      canonicalJson(wanted),
    );
  });
});

describe('replacing', () => {
  it('carries changed products over and leaves the others as they are', async () => {
    const run = await secondRun();
    const before = await bench.target();
    await bench.migrate(run);
    const after = await bench.target();
    const replaced = [...after].filter(
      ([key, item]) => canonicalJson(item) !== canonicalJson(before.get(key) ?? {}),
    );
    expect(replaced.map(([, item]) => item.migrationRun)).toEqual(
      Array.from({ length: 4 }, () => ({ S: 'run-2' })),
    );
    expect(after.get(keyOf('VARIANT#PRO-M-P1'))?.price).toEqual({ N: '17000' });
    expect(new Map(after).size).toBe(20);
    expect((await bench.shard(run))?.counters).toMatchObject({
      items: 20,
      alreadyPresent: 20,
      replaced: 4,
      keptChanged: 0,
    });
  });

  it('keeps each item before it replaces it', async () => {
    const run = await secondRun();
    const before = (await bench.target()).get(keyOf('VARIANT#PRO-S-P1'));
    const order: string[] = [];
    bench.objects.afterPut = (key) => void order.push(key);
    await bench.migrate(run);
    const undo = await readUndo({ objects: bench.objects, runId: 'run-2', stem: '0-0' });
    expect(undo.size).toBe(4);
    expect(undo.get(keyOf('VARIANT#PRO-S-P1'))).toEqual(before);
    expect(order).toEqual(['runs/run-2/undo/0-0-0.jsonl']);
  });

  it('replaces nothing when the old items cannot be kept', async () => {
    const run = await secondRun();
    const before = await snapshot();
    bench.objects.beforePut = () => {
      throw new Error('no bucket');
    };
    await expect(bench.migrate(run)).rejects.toThrow('no bucket');
    expect(await snapshot()).toBe(before);
  });

  it('leaves an item alone that the shop has changed, and names it', async () => {
    const run = await secondRun();
    const item = (await bench.target()).get(keyOf('VARIANT#PRO-M-P1')) ?? {};
    await bench.put(wireItem([...Object.entries(item), ['stockQuantity', { N: '3' }]]));
    await bench.migrate(run);
    expect((await bench.target()).get(keyOf('VARIANT#PRO-M-P1'))).toMatchObject({
      stockQuantity: { N: '3' },
      price: { N: '16500' },
    });
    const shard = await bench.shard(run);
    expect(shard?.counters).toMatchObject({ items: 20, alreadyPresent: 20, replaced: 3, keptChanged: 1 });
    expect(shard?.samples).toEqual({ keptChanged: ['PRODUCT#p-1 / VARIANT#PRO-M-P1'] });
  });

  it('leaves an item alone that the shop changes between the look and the write', async () => {
    const run = await secondRun();
    const item = (await bench.target()).get(keyOf('VARIANT#PRO-M-P1')) ?? {};
    bench.objects.afterPut = () =>
      bench.put(wireItem([...Object.entries(item), ['stockQuantity', { N: '3' }]]));
    await bench.migrate(run);
    expect((await bench.target()).get(keyOf('VARIANT#PRO-M-P1'))).toMatchObject({
      stockQuantity: { N: '3' },
      price: { N: '16500' },
    });
    expect((await bench.shard(run))?.counters).toMatchObject({ replaced: 3, keptChanged: 1 });
  });

  it('keeps an attribute that the shop adds between the look and the write', async () => {
    const run = await secondRun();
    const item = (await bench.target()).get(keyOf('VARIANT#PRO-M-P1')) ?? {};
    bench.objects.afterPut = () => bench.put(changed(item, 'note'));
    await bench.migrate(run);
    expect((await bench.target()).get(keyOf('VARIANT#PRO-M-P1'))).toMatchObject({
      note: { S: 'changed by the shop' },
      price: { N: '17000' },
    });
  });

  it('counts replaced items once when a worker dies before its checkpoint', async () => {
    const run = await secondRun();
    await expect(bench.migrate(run, withoutCheckpoints(bench.runtime))).rejects.toThrow('killed');
    expect(await bench.shard(run)).toBeUndefined();
    await bench.migrate(run);
    expect((await bench.shard(run))?.counters).toMatchObject({ items: 20, replaced: 4, alreadyPresent: 20 });
  });

  it('leaves an item alone that has more attributes than a condition can name', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 150 }, (_, index) => [`a${index}`, { N: String(index) }]),
    );
    bench = await migrateBench({ products: [sizedProduct(1, many)] });
    await bench.migrate();
    await changeSource(bench, sizedProduct(1, { ...many, name: { S: 'Renamed' } }));
    const run = await bench.nextRun('run-2', replacing);
    await bench.migrate(run);
    expect((await bench.target()).get(keyOf('METADATA'))).toMatchObject({ name: { S: 'Product 1' } });
    expect((await bench.shard(run))?.samples).toEqual({ keptChanged: ['PRODUCT#p-1 / METADATA'] });
  });
});

/** A worker that dies when it is about to save its checkpoint. */
function withoutCheckpoints(runtime: Runtime): Runtime {
  const client = Object.assign(Object.create(runtime.ledger.client), {
    send: (command: GetCommand) =>
      command.constructor.name === 'PutCommand'
        ? Promise.reject(new Error('killed'))
        : runtime.ledger.client.send(command),
  });
  return { ...runtime, ledger: { ...runtime.ledger, client } };
}

describe('taking items back', () => {
  const scope = (run: Run, deadline = Date.now() + 60_000) => ({
    run,
    deadline,
    check: () => Promise.resolve(),
  });

  it('leaves a table that was there before exactly as it was', async () => {
    bench = await migrateBench({ products: sizedProducts(30), existing: [shopItem] });
    const before = await snapshot();
    await bench.migrate();
    const taken = await takeBackItems(bench.runtime, scope(bench.run));
    expect(taken).toMatchObject({ done: true, deleted: 149, restored: 0, kept: 0 });
    expect(await snapshot()).toBe(before);
  });

  it('puts back what was replaced and deletes what was added', async () => {
    const run = await secondRun();
    await changeSource(bench, sizedProduct(9));
    const before = await snapshot();
    await bench.migrate(run);
    const taken = await takeBackItems(bench.runtime, scope(run));
    expect(taken).toMatchObject({ done: true, deleted: 0, restored: 4, kept: 0 });
    expect(await snapshot()).toBe(before);
  });

  it('keeps what the shop has changed since, and names it', async () => {
    bench = await migrateBench({ products: sizedProducts(3), existing: [] });
    await bench.migrate();
    const item = (await bench.target()).get(keyOf('METADATA')) ?? {};
    await bench.put(changed(item, 'note'));
    const taken = await takeBackItems(bench.runtime, scope(bench.run));
    expect(taken).toMatchObject({ deleted: 14, kept: 1, keptKeys: ['PRODUCT#p-1 / METADATA'] });
    expect([...(await bench.target()).keys()]).toEqual([keyOf('METADATA')]);
  });

  it('counts a deletion whose answer was lost, and an update', async () => {
    bench = await migrateBench({ products: sizedProducts(3), existing: [] });
    await bench.migrate();
    let calls = 0;
    const losing = bench.withItems({
      async deleteIf(table, key, condition) {
        const outcome = await bench.runtime.items.deleteIf(table, key, condition);
        calls += 1;
        if (calls % 2 === 0) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
        return outcome;
      },
    });
    expect(await takeBackItems(losing, scope(bench.run))).toMatchObject({ deleted: 15, kept: 0 });
  });

  it('does it all again without harm', async () => {
    bench = await migrateBench({ products: sizedProducts(3), existing: [] });
    await bench.migrate();
    const first = await takeBackItems(bench.runtime, scope(bench.run));
    expect(await takeBackItems(bench.runtime, scope(bench.run))).toEqual(first);
  });

  it('goes on where it stopped when time is short', async () => {
    bench = await migrateBench({ products: sizedProducts(50), existing: [] });
    await bench.migrate();
    let turns = 0;
    for (let done = false; !done; turns += 1)
      ({ done } = await takeBackItems(bench.runtime, scope(bench.run, 0)));
    expect(turns).toBe(3);
    expect(await bench.target()).toHaveProperty('size', 0);
  });

  it('changes nothing once its claim is lost', async () => {
    bench = await migrateBench({ products: sizedProducts(3), existing: [] });
    await bench.migrate();
    const check = () => Promise.reject(new Error('somebody else is at it'));
    await expect(takeBackItems(bench.runtime, { ...scope(bench.run), check })).rejects.toThrow(
      'somebody else',
    );
    expect(await bench.target()).toHaveProperty('size', 15);
  });

  it('does nothing in a table that the run created: that goes whole', async () => {
    bench = await migrateBench({ products: sizedProducts(3) });
    await bench.migrate();
    expect(await takeBackItems(bench.runtime, scope(bench.run))).toMatchObject({ done: true, deleted: 0 });
    expect(await bench.target()).toHaveProperty('size', 15);
  });
});
