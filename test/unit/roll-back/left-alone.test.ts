import { afterEach, describe, expect, it } from 'vitest';
import { rollBackItems } from '../../../functions/roll-back/roll-back-items.ts';
import { readRun, type Run } from '../../../functions/shared/ledger/run.ts';
import { stringAttribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import {
  changeSource,
  type MigrateBench,
  migrateBench,
  noted,
  replacing,
  sizedProduct,
  targetKey,
  targetName,
} from '../migrate/migrate-bench.ts';

let bench: MigrateBench;
afterEach(() => bench.stop());

const SMALL = 'VARIANT#PRO-S-P1-1DEE6E3EC6';
const FIRST = 'VARIANT#PRO-L-P1-1DEE6E3EC6';
const SECOND = 'VARIANT#PRO-XL-P1-1DEE6E3EC6';

const found = async (SK: string): Promise<WireItem | undefined> => (await bench.target()).get(targetKey(SK));

async function shopDeletes(SK: string): Promise<void> {
  const Key = { PK: { S: 'PRODUCT#p-1' }, SK: { S: SK } };
  await bench.runtime.items.deleteIf(targetName, Key, { expression: 'attribute_exists(PK)' });
}

async function shopEdits(SK: string): Promise<void> {
  await bench.put({ ...(await found(SK)), stockQuantity: { N: '3' } });
}

/** A run that replaces one item and removes two, as a product has lost two of its sizes. */
async function afterLostSizes(): Promise<Run> {
  bench = await migrateBench({ products: [sizedProduct(1)] });
  await bench.migrate();
  await changeSource(bench, sizedProduct(1, { sizes: { L: [{ S: 'S' }, { S: 'M' }] } }));
  return bench.nextRun('run-2', replacing);
}

/** A run that replaces four variants, as their product has another price. */
async function afterNewPrice(): Promise<Run> {
  bench = await migrateBench({ products: [sizedProduct(1)] });
  await bench.migrate();
  await changeSource(bench, sizedProduct(1, { price: { S: '170' } }));
  return bench.nextRun('run-2', replacing);
}

type DeleteIf = Runtime['items']['deleteIf'];

/** A runtime whose deletions of the first stale variant go this way. */
function deleting(deleteFirst: (...request: Parameters<DeleteIf>) => ReturnType<DeleteIf>): Runtime {
  const { items } = bench.runtime;
  return bench.withItems({
    deleteIf: (table, key, condition) =>
      stringAttribute(key, 'SK') === FIRST
        ? deleteFirst(table, key, condition)
        : items.deleteIf(table, key, condition),
  });
}

/** Does something right before the first stale variant is deleted. */
const beforeDeleting = (act: () => unknown): Runtime =>
  deleting(async (...request) => {
    await act();
    return bench.runtime.items.deleteIf(...request);
  });

async function rollBack(run: Run): Promise<number> {
  const { restored } = await rollBackItems(bench.runtime, {
    run: await readRun(bench.runtime.ledger, run.runId),
    tableName: targetName,
    deadline: Date.now() + 60_000,
    check: () => Promise.resolve(),
  });
  return restored;
}

describe('an item that the run has not removed, and that the shop deletes', () => {
  it('stays deleted after a roll back when no condition could name all of its attributes', async () => {
    const many = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`a${index}`, { N: '1' }]));
    const variant = (sku: string): WireItem => ({ sku: { S: sku }, size: { S: sku }, price: { S: '10' } });
    const variants = (...all: WireItem[]): WireItem => ({ variants: { L: all.map((M) => ({ M })) } });
    const small = variant('SMALL');
    bench = await migrateBench({
      products: [sizedProduct(1, variants({ ...variant('BIG'), ...many }, small))],
    });
    await bench.migrate();
    await changeSource(bench, sizedProduct(1, variants(small)));
    const run = await bench.nextRun('run-2', replacing);
    await bench.migrate(run);
    expect((await bench.shard(run))?.counters).toMatchObject({ keptTooLarge: 1, staleRemoved: 0 });
    await shopDeletes('VARIANT#BIG');
    expect(await rollBack(run)).toBe(1);
    expect(await found('VARIANT#BIG')).toBeUndefined();
  });

  it.each([
    ['had edited it before it could be removed', () => shopEdits(FIRST)],
    ['deletes it before it could be removed', () => shopDeletes(FIRST)],
    [
      'had added an attribute while it was being removed',
      async () => bench.put(noted((await found(FIRST)) ?? {})),
    ],
  ])('stays deleted after a roll back when the shop %s', async (_, act) => {
    const run = await afterLostSizes();
    await bench.migrate(run, beforeDeleting(act));
    await shopDeletes(FIRST);
    expect(await rollBack(run)).toBe(2);
    expect(await found(FIRST)).toBeUndefined();
    expect(await found(SECOND)).toBeDefined();
  });

  it('stays deleted when another deletion of the same set has failed', async () => {
    const run = await afterLostSizes();
    const failing = bench.withItems({
      async deleteIf(table, key, condition) {
        if (stringAttribute(key, 'SK') !== FIRST) throw new Error('no table');
        await shopEdits(FIRST);
        return bench.runtime.items.deleteIf(table, key, condition);
      },
    });
    await expect(bench.migrate(run, failing)).rejects.toThrow('no table');
    await bench.migrate(run);
    await shopDeletes(FIRST);
    expect(await rollBack(run)).toBe(2);
    expect(await found(FIRST)).toBeUndefined();
  });
});

describe('an item of which nobody knows whether the run has removed it', () => {
  it('comes back when the answer to its deletion was lost', async () => {
    const run = await afterLostSizes();
    const before = await found(FIRST);
    let deletions = 0;
    const losing = deleting(async (...request) => {
      const outcome = await bench.runtime.items.deleteIf(...request);
      deletions += 1;
      if (deletions > 1) return outcome;
      throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    });
    await bench.migrate(run, losing);
    expect([deletions, await found(FIRST)]).toEqual([2, undefined]);
    expect(await rollBack(run)).toBe(3);
    expect(await found(FIRST)).toEqual(before);
  });

  it('comes back when the worker died right after its deletion', async () => {
    const run = await afterLostSizes();
    const before = await found(FIRST);
    const dying = deleting(async (...request) => {
      await bench.runtime.items.deleteIf(...request);
      throw new Error('killed');
    });
    await expect(bench.migrate(run, dying)).rejects.toThrow('killed');
    await bench.migrate(run);
    expect(await rollBack(run)).toBe(3);
    expect(await found(FIRST)).toEqual(before);
  });

  it('comes back when a late deletion of a worker that died takes it before the next worker does', async () => {
    const run = await afterLostSizes();
    const before = await found(FIRST);
    const late: Parameters<DeleteIf>[] = [];
    const dying = bench.withItems({
      deleteIf(...request) {
        late.push(request);
        return Promise.reject(new Error('killed'));
      },
    });
    await expect(bench.migrate(run, dying)).rejects.toThrow('killed');
    const [request] = late.filter(([, key]) => stringAttribute(key, 'SK') === FIRST);
    const overtaken = beforeDeleting(() => request && bench.runtime.items.deleteIf(...request));
    await bench.migrate(run, overtaken);
    expect(await rollBack(run)).toBe(3);
    expect(await found(FIRST)).toEqual(before);
  });

  it('comes back when any other request got no answer meanwhile', async () => {
    const run = await afterLostSizes();
    const before = await found(FIRST);
    const doubtful = beforeDeleting(async () => {
      bench.runtime.inDoubt.note();
      await shopEdits(FIRST);
    });
    await bench.migrate(run, doubtful);
    await shopDeletes(FIRST);
    expect(await rollBack(run)).toBe(3);
    expect(await found(FIRST)).toEqual(before);
  });
});

describe('an item that the run has not replaced', () => {
  it('does not come back in place of the one that the run has added after the shop had deleted it', async () => {
    const run = await afterNewPrice();
    bench.objects.afterPut = (key) => (key.includes('/undo/') ? shopDeletes(SMALL) : undefined);
    await bench.migrate(run);
    expect((await bench.shard(run))?.counters).toMatchObject({ replaced: 3 });
    expect(await found(SMALL)).toMatchObject({ migrationRun: { S: 'run-2' } });
    expect(await rollBack(run)).toBe(3);
    expect(await found(SMALL)).toBeUndefined();
  });

  it('stays as the shop has edited it before it could be replaced, and stays deleted', async () => {
    const run = await afterNewPrice();
    bench.objects.afterPut = (key) => (key.includes('/undo/') ? shopEdits(SMALL) : undefined);
    await bench.migrate(run);
    const edited = await found(SMALL);
    await shopDeletes(FIRST);
    expect(await rollBack(run)).toBe(2);
    expect(await found(SMALL)).toEqual(edited);
    expect(await found(FIRST)).toBeUndefined();
  });
});
