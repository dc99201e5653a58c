import { afterEach, describe, expect, it } from 'vitest';
import { rollBackItems } from '../../../functions/roll-back/roll-back-items.ts';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import { listShards } from '../../../functions/shared/ledger/shard.ts';
import { itemDigest } from '../../../functions/shared/items/digest.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import {
  changeSource,
  type MigrateBench,
  migrateBench,
  noted,
  secondRun,
  shopItem,
  sizedProduct,
  sizedProducts,
  snapshot,
  targetKey,
  targetName,
} from '../migrate/migrate-bench.ts';

let bench: MigrateBench;
afterEach(() => bench.stop());

describe('rolling back items', () => {
  const scope = (run: Run, deadline = Date.now() + 60_000) => ({
    run,
    tableName: targetName,
    deadline,
    check: () => Promise.resolve(),
  });

  it('leaves an existing table exactly as it was', async () => {
    bench = await migrateBench({ products: sizedProducts(30), existing: [shopItem] });
    const before = await snapshot(bench);
    await bench.migrate();
    const taken = await rollBackItems(bench.runtime, scope(bench.run));
    expect(taken).toMatchObject({ done: true, deleted: 149, restored: 0, left: {} });
    expect(await snapshot(bench)).toBe(before);
  });

  it('puts back what was replaced and deletes what was added', async () => {
    const second = await secondRun();
    bench = second.bench;
    const { run } = second;
    await changeSource(bench, sizedProduct(9));
    const before = await snapshot(bench);
    await bench.migrate(run);
    const taken = await rollBackItems(bench.runtime, scope(run));
    expect(taken).toMatchObject({ done: true, deleted: 0, restored: 4, left: {} });
    expect(await snapshot(bench)).toBe(before);
  });

  it('keeps what the shop has changed since, and names it', async () => {
    bench = await migrateBench({ products: sizedProducts(3), existing: [] });
    await bench.migrate();
    const item = (await bench.target()).get(targetKey('METADATA')) ?? {};
    await bench.put(noted(item));
    const taken = await rollBackItems(bench.runtime, scope(bench.run));
    expect(taken).toMatchObject({
      deleted: 14,
      left: { changed: { count: 1, keys: ['PRODUCT#p-1 / METADATA'] } },
    });
    expect([...(await bench.target()).keys()]).toEqual([targetKey('METADATA')]);
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
    expect(await rollBackItems(losing, scope(bench.run))).toMatchObject({ deleted: 15, left: {} });
  });

  it('counts what it is charged, over every roll back of the run', async () => {
    bench = await migrateBench({ products: sizedProducts(3), existing: [] });
    await bench.migrate();
    const charged = { readUnits: 0, writeUnits: 0 };
    const { items } = bench.runtime;
    const counting = bench.withItems({
      async deleteIf(...request) {
        const outcome = await items.deleteIf(...request);
        charged.writeUnits += outcome.writeUnits;
        return outcome;
      },
      async scanPage(request) {
        const page = await items.scanPage(request);
        charged.readUnits += page.readUnits;
        return page;
      },
    });
    await rollBackItems(counting, scope(bench.run));
    await rollBackItems(counting, scope({ ...bench.run, markedAt: 1 }));
    const [shard] = await listShards(bench.runtime.ledger, bench.run.runId, 'RollBack');
    expect(shard?.counters).toMatchObject(charged);
    expect(charged.writeUnits).toBeGreaterThanOrEqual(15);
    expect(charged.readUnits).toBeGreaterThanOrEqual(2);
  });

  it('does it all again without harm', async () => {
    bench = await migrateBench({ products: sizedProducts(3), existing: [] });
    await bench.migrate();
    const first = await rollBackItems(bench.runtime, scope(bench.run));
    expect(await rollBackItems(bench.runtime, scope(bench.run))).toEqual(first);
  });

  it('continues where it stopped when time is short', async () => {
    bench = await migrateBench({ products: sizedProducts(50), existing: [] });
    await bench.migrate();
    const pages = bench.withItems({
      scanPage: (request) => bench.runtime.items.scanPage({ ...request, limit: 100 }),
    });
    let turns = 0;
    for (let done = false; !done; turns += 1) ({ done } = await rollBackItems(pages, scope(bench.run, 0)));
    expect(turns).toBe(3);
    expect(await bench.target()).toHaveProperty('size', 0);
  });

  it('reads a table that others use inside the cap of the run', async () => {
    bench = await migrateBench({
      products: sizedProducts(60),
      existing: [],
      plan: { readUnitsPerSecond: 1 },
    });
    await bench.migrate();
    const limits: (number | undefined)[] = [];
    const hooked = bench.withItems({
      scanPage(request) {
        limits.push(request.limit);
        return bench.runtime.items.scanPage(request);
      },
    });
    const start = Date.now();
    let now = start;
    const clock = { now: () => now, sleep: async (millis: number) => void (now += millis) };
    const runtime = { ...hooked, clock };
    expect(await rollBackItems(runtime, scope(bench.run, start + 900_000))).toMatchObject({ deleted: 300 });
    const [shard] = await listShards(bench.runtime.ledger, bench.run.runId, 'RollBack');
    const { readUnits = 0 } = shard?.counters ?? {};
    expect(limits).not.toContain(undefined);
    expect(readUnits).toBeGreaterThan(5);
    // The last page is paid for by nobody.
    expect((now - start) / 1_000).toBeGreaterThan(readUnits - 5);
  });

  it('changes nothing once its claim is lost', async () => {
    bench = await migrateBench({ products: sizedProducts(3), existing: [] });
    await bench.migrate();
    const check = () => Promise.reject(new Error('somebody else is at it'));
    await expect(rollBackItems(bench.runtime, { ...scope(bench.run), check })).rejects.toThrow(
      'somebody else',
    );
    expect(await bench.target()).toHaveProperty('size', 15);
  });

  it('finds what other code has written, under keys that this code does not make', async () => {
    bench = await migrateBench({ products: sizedProducts(3), existing: [shopItem] });
    const before = await snapshot(bench);
    await bench.migrate();
    await bench.put(itemOfOtherCode(bench.run.runId));
    const taken = await rollBackItems(bench.runtime, scope(bench.run));
    expect(taken).toMatchObject({ deleted: 15, left: {} });
    expect(await snapshot(bench)).toBe(before);
  });
});

/** As a migration writes it, under a SKU that the transform does not make of any product. */
function itemOfOtherCode(runId: string): WireItem {
  const item = { PK: { S: 'PRODUCT#p-1' }, SK: { S: 'VARIANT#OLD' }, migrationRun: { S: runId } };
  return { ...item, migrationDigest: { S: itemDigest(item) } };
}
