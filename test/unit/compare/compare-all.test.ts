import { afterEach, describe, expect, it } from 'vitest';
import { migration } from '../../../functions/migrations/shop/index.ts';
import { findLockOf } from '../../../functions/shared/ledger/lock.ts';
import { readRun } from '../../../functions/shared/ledger/run.ts';
import { listPending } from '../../../functions/shared/ledger/sync-records.ts';
import { shortTurn } from '../files/backup-bench.ts';
import { sizedProduct } from '../migrate/migrate-bench.ts';
import { type CompareBench, compareBench, FOLLOWED } from './compare-bench.ts';
import { CONFLICTS, drift, itemsOf, SMALL, SOURCE, TARGET, textOf } from './drift.ts';

let world: CompareBench;
afterEach(() => world.bench.stop());

describe('a compare while a sync is open', () => {
  it('finds nothing where every item is what its source item becomes', async () => {
    world = await compareBench();
    expect(await world.compare()).toEqual({ differing: 0, repaired: 0, conflicts: 0, quarantined: 0 });
    expect(await world.compared()).toMatchObject({
      executionArn: world.run.executionArn,
      repairs: true,
      sourceItems: 12,
      targetItems: 60,
      expired: 0,
      foreign: 0,
    });
  });

  it('repairs what the source says otherwise, and names what stays', async () => {
    world = await compareBench();
    await drift(world);
    expect(await world.compare()).toEqual({ differing: 0, repaired: 5, conflicts: 2, quarantined: 1 });
    expect(await world.samples()).toMatchObject({
      repaired: ['p-1', 'p-100', 'p-2', 'p-4', 'p-5'],
      conflicts: [...CONFLICTS],
      quarantined: ['p-6'],
      foreign: [`${TARGET}: BANNER / 1`],
    });
    expect(await world.named()).toEqual([...CONFLICTS.map((text) => `conflict ${text}`), 'quarantined p-6']);
    expect(await world.compared()).toMatchObject({ sourceItems: 12, foreign: 1 });
  });

  it('leaves nothing behind that the source does not say but what it names', async () => {
    world = await compareBench();
    await drift(world);
    await world.compare();
    const [target, expected] = [await world.target(), await world.expected()];
    const missing = expected.filter((text) => !target.includes(text));
    const more = target.filter((text) => !expected.includes(text));
    expect(missing).toHaveLength(1);
    // The shop's edit, its review, its banner, and the five items of the product that cannot be transformed.
    expect(more).toHaveLength(3 + 5);
    expect(more.join()).toContain('changed by the shop');
    expect(await listPending(world.runtime.ledger, world.run.runId)).toEqual([]);
  });

  it('counts an item that no condition can change as differing, not as an edit of the shop', async () => {
    const many = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`a${index}`, { N: '1' }]));
    world = await compareBench({ items: [sizedProduct(1, many)] });
    await world.put(SOURCE, sizedProduct(1, { ...many, a3: { N: '2' } }));
    expect(await world.compare()).toEqual({ differing: 1, repaired: 0, conflicts: 0, quarantined: 0 });
    expect(await world.named()).toEqual([`differing ${TARGET}: PRODUCT#p-1 / METADATA`]);
  });

  it('finds nothing more to repair when it is done again', async () => {
    world = await compareBench();
    await drift(world);
    await world.compare();
    const run = await world.next('again');
    expect(await world.compare({ run })).toEqual({ differing: 0, repaired: 0, conflicts: 2, quarantined: 1 });
  });

  it.each([1, 2, 5, 7])(
    'finds the same in pages of %i items, by workers that never have time',
    async (limit) => {
      world = await compareBench({ plan: { segments: [0] } });
      await drift(world);
      const found = await world.compare({ runtime: world.pagesOf(limit), turnOf: shortTurn });
      expect(found).toEqual({ differing: 0, repaired: 5, conflicts: 2, quarantined: 1 });
      expect(await world.compared()).toMatchObject({ sourceItems: 12, foreign: 1 });
    },
  );

  it('keeps the times that an earlier run has made', async () => {
    world = await compareBench();
    const [item = {}] = itemsOf(1);
    const context = { runId: 'run-0', startedAt: '2025-01-01T00:00:00.000Z', settings: migration.settings };
    const made = migration.transform(sizedProduct(1), context);
    const earlier = made.kind === 'items' ? made.items.map((one) => one.item) : [];
    await world.put(TARGET, ...earlier);
    expect(await world.compare()).toMatchObject({ repaired: 0, conflicts: 0 });
    expect((await world.targetItem(textOf(item)))['createdAt']).toEqual({ S: context.startedAt });
  });

  it('leaves alone what a migration of another source has added, and counts it as foreign', async () => {
    world = await compareBench();
    await world.bench.begin('run-eu', {}, { sourceTable: 'products-eu' });
    const context = { ...FOLLOWED, settings: migration.settings };
    const madeBy = (runId: string, id: number) => {
      const made = migration.transform(sizedProduct(id), { ...context, runId });
      return made.kind === 'items' ? made.items.map(({ item }) => item) : [];
    };
    await world.put(TARGET, ...madeBy('run-eu', 500), ...madeBy('run-0', 600));
    // The ledger does not know run-0, so its product is one of this source that is gone.
    expect(await world.compare()).toEqual({ differing: 0, repaired: 1, conflicts: 0, quarantined: 0 });
    expect(await world.compared()).toMatchObject({ foreign: madeBy('run-eu', 500).length });
    const target = (await world.target()).join();
    expect(target).toContain('PRODUCT#p-500');
    expect(target).not.toContain('PRODUCT#p-600');
  });

  it('brings up to date what a migration of another source has added of a product that this source has', async () => {
    world = await compareBench();
    await world.bench.begin('run-old', {}, { sourceTable: 'products-old' });
    const context = { ...FOLLOWED, runId: 'run-old', settings: migration.settings };
    const made = migration.transform(sizedProduct(1, { name: { S: 'Former' } }), context);
    await world.put(TARGET, ...(made.kind === 'items' ? made.items.map(({ item }) => item) : []));
    expect(await world.compare()).toMatchObject({ differing: 0, conflicts: 0 });
    expect((await world.target()).join()).not.toContain('Former');
  });

  it('forgets a name that it has not seen again', async () => {
    world = await compareBench();
    await drift(world);
    await world.compare();
    await world.put(TARGET, itemsOf(7)[SMALL] ?? {});
    await world.put(SOURCE, sizedProduct(6));
    const run = await world.next('again');
    await world.compare({ run });
    expect(await world.named()).toEqual([`conflict ${CONFLICTS[1]}`]);
  });
});

describe('a compare that may not write', () => {
  it('has its names forgotten by the compare that repairs them', async () => {
    world = await compareBench();
    await drift(world);
    await world.compare({ run: await world.next('cut-over', 'SWITCHING') });
    await world.compare({ run: await world.next('cut-over', 'SYNCING') });
    expect(await world.named()).toEqual([...CONFLICTS.map((text) => `conflict ${text}`), 'quarantined p-6']);
  });

  it.each(['SWITCHING', 'RUNNING'] as const)('names what differs and leaves it, %s', async (status) => {
    world = await compareBench({ kind: status === 'RUNNING' ? 'compare' : 'sync' });
    await drift(world);
    const run = status === 'RUNNING' ? world.run : await world.next('cut-over', status);
    const before = await world.target();
    expect(await world.compare({ run })).toEqual({ differing: 5, repaired: 0, conflicts: 2, quarantined: 1 });
    expect(await world.target()).toEqual(before);
    expect(await listPending(world.runtime.ledger, run.runId)).toEqual([]);
    const differing = ['p-1', 'p-100', 'p-2', 'p-4', 'p-5'];
    expect((await world.samples())['differing']).toEqual(differing);
    const named = [
      ...CONFLICTS.map((text) => `conflict ${text}`),
      ...differing.map((text) => `differing ${text}`),
      'quarantined p-6',
    ];
    // A compare without a sync writes nothing but its shards.
    expect(await world.named()).toEqual(status === 'RUNNING' ? [] : named);
  });

  it('counts a source item once, whatever is missing, wrong and too much of it', async () => {
    world = await compareBench({ kind: 'compare' });
    await world.put(SOURCE, sizedProduct(1, { name: { S: 'Renamed' } }));
    expect(await world.compare()).toMatchObject({ differing: 1 });
  });

  it('notes nothing but its shards, and ends its run', async () => {
    world = await compareBench({ kind: 'compare' });
    await drift(world);
    const found = await world.compare();
    expect(await world.named()).toEqual([]);
    const run = await readRun(world.runtime.ledger, world.run.runId);
    expect(run).toMatchObject({ status: 'SUCCEEDED', compared: { repairs: false, differing: 5 } });
    expect(run.finishedAt).toBeDefined();
    expect(await findLockOf(world.runtime.ledger, run)).toBeUndefined();
    expect(await world.judge()).toEqual(found);
  });
});
