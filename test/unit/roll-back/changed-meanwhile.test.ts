import { afterEach, describe, expect, it } from 'vitest';
import { leftText } from '../../../functions/roll-back/left-items.ts';
import { rollBackTargets } from '../../../functions/roll-back/roll-back-target.ts';
import { listTables, recordTable } from '../../../functions/shared/ledger/table-record.ts';
import { type ItemsRolledBack, rollBackItems } from '../../../functions/roll-back/roll-back-items.ts';
import { readRun, type Run } from '../../../functions/shared/ledger/run.ts';
import { listUndoRecords, saveUndoRecord } from '../../../functions/shared/ledger/undo-record.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import { keyIdentity } from '../../support/shop.ts';
import { itemDigest } from '../../../functions/shared/items/digest.ts';
import type { ItemTable } from '../../../functions/shared/aws/item-table.ts';
import { type WireItem, wireItem } from '../../../functions/shared/items/wire-item.ts';
import {
  changeSource,
  type MigrateBench,
  migrateBench,
  noted,
  secondRun,
  sizedProduct,
  sizedProducts,
  snapshot,
  targetKey,
  targetName,
} from '../migrate/migrate-bench.ts';

let bench: MigrateBench;
afterEach(() => bench.stop());

const removeItems = (run: Run, runtime: Runtime = bench.runtime): Promise<ItemsRolledBack> =>
  rollBackItems(runtime, {
    run,
    tableName: targetName,
    deadline: Date.now() + 60_000,
    check: () => Promise.resolve(),
  });

/** Calls `meanwhile` between the look at the nth item and its deletion. */
function beforeDeletion(nth: number, meanwhile: (key: WireItem) => Promise<void>): Partial<ItemTable> {
  let calls = 0;
  return {
    async deleteIf(table, key, condition) {
      calls += 1;
      if (calls === nth) await meanwhile(key);
      return bench.runtime.items.deleteIf(table, key, condition);
    },
  };
}

const existing = async (key: WireItem): Promise<WireItem> =>
  (await bench.target()).get(keyIdentity(key)) ?? {};

/** As a migration writes it, with more attributes than any condition can name. */
function largeItem(runId: string, attributes = 180): WireItem {
  const many = Array.from({ length: attributes }, (_, index) => [`a${index}`, { N: `${index}` }] as const);
  const item = wireItem([
    ['PK', { S: 'PRODUCT#large' }],
    ['SK', { S: 'METADATA' }],
    ['migrationRun', { S: runId }],
    ...many,
  ]);
  return { ...item, migrationDigest: { S: itemDigest(item) } };
}

describe('an item that somebody changes between the look at it and its deletion', () => {
  it.each([1, 7, 15])('stays with its new attribute, complete, and is named (item %i of 15)', async (nth) => {
    bench = await migrateBench({ products: sizedProducts(3), existing: [] });
    await bench.migrate();
    let changed: WireItem = {};
    const hooked = bench.withItems(
      beforeDeletion(nth, async (key) => {
        changed = noted(await existing(key));
        await bench.put(changed);
      }),
    );
    const taken = await removeItems(bench.run, hooked);
    expect(taken).toMatchObject({ done: true, deleted: 14, left: { changed: { count: 1 } } });
    expect([...(await bench.target()).values()]).toEqual([changed]);
  });

  it('stays when one of its values was changed', async () => {
    bench = await migrateBench({ products: sizedProducts(3), existing: [] });
    await bench.migrate();
    let changed: WireItem = {};
    const hooked = bench.withItems(
      beforeDeletion(4, async (key) => {
        changed = { ...(await existing(key)), productId: { S: 'changed by the shop' } };
        await bench.put(changed);
      }),
    );
    await removeItems(bench.run, hooked);
    expect([...(await bench.target()).values()]).toEqual([changed]);
  });

  it('is put back also when the answer to its return is lost', async () => {
    bench = await migrateBench({ products: sizedProducts(1), existing: [] });
    await bench.migrate();
    let isLost = false;
    const hooked = bench.withItems({
      ...beforeDeletion(1, async (key) => bench.put(noted(await existing(key)))),
      async putIf(table, item, condition) {
        const outcome = await bench.runtime.items.putIf(table, item, condition);
        if (isLost) return outcome;
        isLost = true;
        throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      },
    });
    const taken = await removeItems(bench.run, hooked);
    expect(taken).toMatchObject({ deleted: 4, left: { changed: { count: 1 } } });
    expect(await bench.target()).toHaveProperty('size', 1);
  });

  it('gives way to a new item that somebody has written under its key meanwhile, and is named as lost', async () => {
    bench = await migrateBench({ products: sizedProducts(1), existing: [] });
    await bench.migrate();
    let fresh: WireItem = {};
    const hooked = bench.withItems({
      ...beforeDeletion(2, async (key) => bench.put(noted(await existing(key)))),
      async putIf(table, item, condition) {
        fresh = wireItem(
          Object.entries(item)
            .filter(([name]) => name === 'PK' || name === 'SK')
            .concat([['stock', { N: '3' }]]),
        );
        await bench.put(fresh);
        return bench.runtime.items.putIf(table, item, condition);
      },
    });
    const taken = await removeItems(bench.run, hooked);
    expect(taken).toMatchObject({ deleted: 4, left: { lost: { count: 1 } } });
    expect([...(await bench.target()).values()]).toEqual([fresh]);
    expect(leftText(bench.run.runId, taken.left)).toMatch(
      /^1 item that somebody changed while they were being deleted, and that could not be put back \(PRODUCT#/,
    );
  });
});

describe('a change that is lost for good', () => {
  it('stays named in the reports, also after another roll back that finds nothing left', async () => {
    bench = await migrateBench({ products: sizedProducts(1), existing: [] });
    await bench.migrate();
    const { ledger } = bench.runtime;
    const { runId } = bench.run;
    await recordTable(ledger, runId, { name: targetName, outcome: 'EXISTED' });
    const hooked = bench.withItems({
      ...beforeDeletion(2, async (key) => bench.put(noted(await existing(key)))),
      async putIf(table, item, condition) {
        await bench.put(wireItem(Object.entries(item).filter(([name]) => name === 'PK' || name === 'SK')));
        return bench.runtime.items.putIf(table, item, condition);
      },
    });
    const rollBack = async (runtime: Runtime, markedAt: number) =>
      rollBackTargets(runtime, {
        run: { ...(await readRun(ledger, runId)), markedAt },
        tables: await listTables(ledger, runId),
        fence: { check: () => Promise.resolve() },
        deadline: Date.now() + 60_000,
        relied: () => ({ kind: 'free' }),
        hasBegunToFill: true,
      });
    expect(await rollBack(hooked, 1)).toMatchObject([{ kind: 'failed' }]);
    expect(await rollBack(bench.runtime, 2)).toEqual([{ kind: 'done' }]);
    expect((await readRun(ledger, runId)).warnings).toEqual([
      expect.stringMatching(/^Table \S+ lacks 1 item that somebody changed .*\(PRODUCT#/),
    ]);
  });
});

describe('an item whose deletion gets no answer', () => {
  const unanswered = (): Error => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });

  /** The first deletion gets no answer, and `deletion` says what becomes of it. */
  function withoutAnswer(deletion: (send: () => Promise<unknown>, key: WireItem) => Promise<void>) {
    let calls = 0;
    return bench.withItems({
      async deleteIf(table, key, condition) {
        calls += 1;
        const send = () => bench.runtime.items.deleteIf(table, key, condition);
        if (calls > 1) return send();
        await deletion(send, key);
        throw unanswered();
      },
    });
  }

  it('keeps what the shop has added, also when that deletion takes effect late', async () => {
    bench = await migrateBench({ products: sizedProducts(1), existing: [] });
    await bench.migrate();
    let landLate = (): Promise<unknown> => Promise.resolve();
    let changed: WireItem = {};
    const hooked = withoutAnswer(async (send, key) => {
      landLate = send;
      changed = noted(await existing(key));
      await bench.put(changed);
    });
    const taken = await removeItems(bench.run, hooked);
    expect(taken).toMatchObject({ deleted: 4, left: { changed: { count: 1 } } });
    await landLate();
    const { migrationDigest: _digest, ...kept } = changed;
    expect([...(await bench.target()).values()]).toEqual([kept]);
  });

  it('counts as gone where the shop has written a new item since', async () => {
    bench = await migrateBench({ products: sizedProducts(1), existing: [] });
    await bench.migrate();
    let fresh: WireItem = {};
    const hooked = withoutAnswer(async (send, key) => {
      await send();
      fresh = { ...key, stock: { N: '3' } };
      await bench.put(fresh);
    });
    expect(await removeItems(bench.run, hooked)).toMatchObject({ deleted: 5, left: {} });
    expect([...(await bench.target()).values()]).toEqual([fresh]);
  });

  it('leads to one warning, however many of them there are: a ledger item has its limit', async () => {
    bench = await migrateBench({ products: sizedProducts(3), existing: [] });
    await bench.migrate();
    const unseen = new Set<string>();
    const hooked = bench.withItems({
      async deleteIf(table, key, condition) {
        const outcome = await bench.runtime.items.deleteIf(table, key, condition);
        if (unseen.has(keyIdentity(key))) return outcome;
        unseen.add(keyIdentity(key));
        throw unanswered();
      },
    });
    expect(await removeItems(bench.run, hooked)).toMatchObject({ deleted: 15 });
    expect((await readRun(bench.runtime.ledger, bench.run.runId)).warnings).toHaveLength(1);
  });

  it('leads to a warning, because nobody knows whether somebody had changed the item', async () => {
    bench = await migrateBench({ products: sizedProducts(1), existing: [] });
    await bench.migrate();
    const hooked = withoutAnswer(async (send, key) => {
      await bench.put(noted(await existing(key)));
      await send();
    });
    const taken = await removeItems(bench.run, hooked);
    expect(taken).toMatchObject({ deleted: 5, left: {} });
    const { warnings } = await readRun(bench.runtime.ledger, bench.run.runId);
    expect(warnings).toEqual([expect.stringContaining('the change may be lost')]);
  });
});

describe('an item with more attributes than a condition can name', () => {
  it('is deleted like any other', async () => {
    bench = await migrateBench({ products: sizedProducts(1), existing: [] });
    await bench.migrate();
    await bench.put(largeItem(bench.run.runId));
    expect(await removeItems(bench.run)).toMatchObject({ deleted: 6, left: {} });
    expect(await bench.target()).toHaveProperty('size', 0);
  });

  it.each([3, 120, 175])('stays when somebody changes its attribute a%i meanwhile', async (attribute) => {
    bench = await migrateBench({ products: [], existing: [] });
    await bench.put(largeItem(bench.run.runId));
    const changed = { ...largeItem(bench.run.runId), [`a${attribute}`]: { N: '-1' } };
    const hooked = bench.withItems(beforeDeletion(1, () => bench.put(changed)));
    expect(await removeItems(bench.run, hooked)).toMatchObject({
      deleted: 0,
      left: { changed: { count: 1, keys: ['PRODUCT#large / METADATA'] } },
    });
    expect((await bench.target()).get(targetKey('METADATA', 'large'))).toEqual(changed);
  });
});

describe('an item that replaced another', () => {
  /** A run that has replaced the four variants of one product, and added the five items of another. */
  const replacedRun = async (): Promise<{ readonly run: Run; readonly before: string }> => {
    const second = await secondRun();
    bench = second.bench;
    const before = await snapshot(bench);
    await bench.migrate(second.run);
    return { run: second.run, before };
  };
  const undoName = 'runs/run-2/undo/0-0-0.jsonl';

  it('stays and is named when its copy is missing, and nothing is deleted in its place', async () => {
    const { run } = await replacedRun();
    bench.objects.bodies.delete(undoName);
    const after = await snapshot(bench);
    const taken = await removeItems(run);
    expect(taken).toMatchObject({ done: true, deleted: 0, restored: 0, left: { noUndo: { count: 4 } } });
    expect(await snapshot(bench)).toBe(after);
    expect(leftText(run.runId, taken.left)).toContain(
      '4 items in place of older ones, whose copies below runs/run-2/undo/ are missing or damaged (PRODUCT#p-1 / ',
    );
  });

  it('stays and is named when its copy is damaged', async () => {
    const { run } = await replacedRun();
    bench.objects.bodies.set(undoName, Buffer.from('{"Item":{}}\n'));
    expect(await removeItems(run)).toMatchObject({ deleted: 0, left: { noUndo: { count: 4 } } });
  });

  it('comes back once its copy is there again and the roll back is started once more', async () => {
    const { run, before } = await replacedRun();
    const copy = bench.objects.bodies.get(undoName) ?? Buffer.from('');
    bench.objects.bodies.delete(undoName);
    await removeItems(run);
    bench.objects.bodies.set(undoName, copy);
    const again = await removeItems({ ...run, markedAt: 1 });
    expect(again).toMatchObject({ restored: 4, left: {} });
    expect(await snapshot(bench)).toBe(before);
  });

  it('does not hide the copies behind a missing one', async () => {
    const { run, before } = await replacedRun();
    const copy = bench.objects.bodies.get(undoName) ?? Buffer.from('');
    // A resumed worker has kept the same items again, under the next number.
    await changeSource(bench, sizedProduct(1));
    bench.objects.bodies.set('runs/run-2/undo/0-0-1.jsonl', copy);
    const [record] = await listUndoRecords(bench.runtime.ledger, { runId: 'run-2', stem: '0-0' });
    if (record !== undefined) await saveUndoRecord(bench.runtime.ledger, 'run-2', { ...record, number: 1 });
    bench.objects.bodies.delete(undoName);
    expect(await removeItems(run)).toMatchObject({ restored: 4, left: {} });
    expect(await snapshot(bench)).toBe(before);
  });

  it('is not deleted when somebody changes it and changes it back while the run is rolled back', async () => {
    const { run } = await replacedRun();
    const key = targetKey('VARIANT#PRO-S-P1-1DEE6E3EC6');
    const written = (await bench.target()).get(key) ?? {};
    await bench.put(noted(written));
    let pages = 0;
    const hooked = bench.withItems({
      async scanPage(request) {
        pages += 1;
        if (pages === 1) await bench.put(written);
        return bench.runtime.items.scanPage(request);
      },
    });
    const taken = await removeItems(run, hooked);
    expect(taken).toMatchObject({ restored: 3, deleted: 0, left: { unrestored: { count: 1 } } });
    expect((await bench.target()).get(key)).toEqual(written);
  });
});
