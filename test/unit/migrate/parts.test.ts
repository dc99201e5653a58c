import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideExisting } from '../../../functions/shared/copy/load/decide-existing.ts';
import { createLoadWindow, type PendingLines } from '../../../functions/shared/copy/load/load-window.ts';
import { createPipeline } from '../../../functions/shared/copy/pipeline.ts';
import { productToItems } from '../../support/shop.ts';
import { readUndo, saveUndo } from '../../../functions/shared/files/undo-file.ts';
import { changeOf, unchangedCondition } from '../../../functions/shared/aws/unchanged.ts';
import { type WireItem, wireItem } from '../../../functions/shared/items/wire-item.ts';
import { sampleContext } from '../../support/sample-context.ts';
import { memoryObjects } from '../files/memory-objects.ts';
import { keyOfSpec } from '../../../functions/shared/migration/table-spec.ts';
import { productsEnhancedTable } from '../../../functions/migrations/shop/tables/products-enhanced.ts';

const TARGET_KEY = keyOfSpec(productsEnhancedTable);

const start = { filesDone: 0, linesDone: 0 };
const pendingLines = (index: number, items: number): PendingLines => ({
  remaining: items,
  tally: { items, entries: 1 },
  next: { filesDone: 0, linesDone: index + 1 },
});

describe('the window of lines under way', () => {
  it('counts lines only when nothing before it is missing, in whatever order items come in', () => {
    const counts = fc.array(fc.nat({ max: 4 }), { maxLength: 30 });
    fc.assert(
      fc.property(counts, fc.infiniteStream(fc.nat()), (itemCounts, choices) => {
        const window = createLoadWindow(start);
        const pending = itemCounts.map((count, index) => pendingLines(index, count));
        for (const lines of pending) window.add(lines);
        const open = pending.filter(({ remaining }) => remaining > 0);
        while (open.length > 0) {
          const chosen = choices.next().value % open.length;
          const [lines] = open.slice(chosen, chosen + 1);
          if (lines === undefined) break;
          lines.remaining -= 1;
          if (lines.remaining === 0) open.splice(chosen, 1);
          const firstOpen = pending.findIndex(({ remaining }) => remaining > 0);
          const done = firstOpen === -1 ? pending : pending.slice(0, firstOpen);
          const { cursor, totals } = window.advance();
          expect(cursor.linesDone).toBe(done.length);
          expect(totals['entries'] ?? 0).toBe(done.length);
          expect(window.size()).toBe(pending.length - done.length);
        }
        expect(window.advance().totals['items'] ?? 0).toBe(itemCounts.reduce((sum, count) => sum + count, 0));
      }),
    );
  });

  it('stays where it was while nothing is done', () => {
    const window = createLoadWindow({ filesDone: 2, linesDone: 7 });
    window.add(pendingLines(0, 1));
    expect(window.advance().cursor).toEqual({ filesDone: 2, linesDone: 7 });
  });
});

describe('the pipeline', () => {
  it('runs no more tasks at once than it has slots', async () => {
    const pipeline = createPipeline(3);
    let running = 0;
    let most = 0;
    for (let index = 0; index < 20; index += 1) {
      await pipeline.start(async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
      });
    }
    await pipeline.finish();
    expect(most).toBe(3);
    expect(pipeline.isIdle()).toBe(true);
  });

  it('begins nothing after a failure, and says what failed first', async () => {
    const pipeline = createPipeline(2);
    await pipeline.start(() => Promise.reject(new Error('first')));
    await pipeline.settle();
    await expect(pipeline.start(() => Promise.resolve())).rejects.toThrow('first');
    await expect(pipeline.finish()).rejects.toThrow('first');
  });
});

const product: WireItem = { id: { S: '1' }, name: { S: 'Shoe' }, price: { N: '1' } };

function made(runId: string, change: WireItem = {}, runStartedAt = sampleContext.startedAt): WireItem {
  const result = productToItems(
    { ...product, ...change },
    { ...sampleContext, runId, startedAt: runStartedAt },
  );
  return (result.kind === 'items' && result.items[0]) || {};
}

const edited = (item: WireItem): WireItem =>
  wireItem([...Object.entries(item), ['note', { S: 'the shop’s' }]]);

describe('deciding about an item in the way', () => {
  const runStartedAt = '2026-05-05T05:05:05.555Z';
  const fresh = made('run-2', {}, runStartedAt);
  const decide = (existing: WireItem, onExisting: 'keep' | 'replace', wanted = fresh) =>
    decideExisting({
      existing,
      fresh: wanted,
      runId: 'run-2',
      madeBy: { startedAt: runStartedAt, madeAttributes: ['createdAt', 'updatedAt'] },
      onExisting,
    });

  it.each<[string, WireItem, 'keep' | 'replace', string]>([
    ['its own', fresh, 'keep', 'ours'],
    ['its own, changed by the shop', edited(fresh), 'replace', 'ours'],
    ['its own, of another content', made('run-2', { name: { S: 'Boot' } }, runStartedAt), 'keep', 'ours'],
    [
      'its own, of another content, changed by the shop',
      edited(made('run-2', { name: { S: 'Boot' } })),
      'replace',
      'ours',
    ],
    ['another run’s, the same except for what every run makes', made('run-1'), 'keep', 'present'],
    [
      'another run’s, of a product that has changed, to be kept',
      made('run-1', { name: { S: 'Boot' } }),
      'keep',
      'outdated',
    ],
    ['another run’s, changed by the shop, to be kept', edited(made('run-1')), 'keep', 'present'],
    ['another run’s, the same except for what every run makes', made('run-1'), 'replace', 'present'],
    [
      'another run’s, of a product that has changed',
      made('run-1', { name: { S: 'Boot' } }),
      'replace',
      'replace',
    ],
    ['another run’s, changed by the shop', edited(made('run-1')), 'replace', 'changed'],
    ['the shop’s', { note: { S: 'mine' } }, 'replace', 'changed'],
    ['the shop’s', { note: { S: 'mine' } }, 'keep', 'present'],
  ])('%s', (_, existing, onExisting, decision) => {
    expect(decide(existing, onExisting)).toBe(decision);
  });

  it('takes a time for the product’s own when the source has it', () => {
    const dated = (createdAt: string, runId: string, at: string) =>
      made(runId, { createdAt: { S: createdAt } }, at);
    const existing = dated('2020-01-01', 'run-1', sampleContext.startedAt);
    expect(decide(existing, 'replace', dated('2020-01-01', 'run-2', runStartedAt))).toBe('present');
    expect(decide(existing, 'replace', dated('2021-01-01', 'run-2', runStartedAt))).toBe('replace');
  });
});

describe('a condition that an item is unchanged', () => {
  it('names every attribute and its value', () => {
    expect(unchangedCondition({ 'a.b': { S: '1' }, c: { N: '2' } })).toEqual({
      expression: '#0 = :0 AND #1 = :1',
      names: { '#0': 'a.b', '#1': 'c' },
      values: { ':0': { S: '1' }, ':1': { N: '2' } },
    });
  });

  it('is none for more attributes than an expression can name', () => {
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, { S: '' }]));
    expect(unchangedCondition(many(140))?.expression.length).toBeLessThan(4096);
    expect(unchangedCondition(many(141))).toBeUndefined();
    expect(changeOf({ from: many(10), to: many(141) }, [])).toBeUndefined();
    expect(changeOf({ from: many(141), to: many(10) }, [])).toBeUndefined();
  });

  it('goes with a change that sets what is new and removes what is gone, but no key', () => {
    const from: WireItem = { PK: { S: 'k' }, a: { S: '1' }, gone: { S: '2' } };
    const to: WireItem = { PK: { S: 'k' }, a: { S: '3' } };
    expect(changeOf({ from, to }, ['PK'])).toEqual({
      update: 'SET #n0 = :n0 REMOVE #2',
      condition: '#0 = :0 AND #1 = :1 AND #2 = :2',
      names: { '#0': 'PK', '#1': 'a', '#2': 'gone', '#n0': 'a' },
      values: { ':0': { S: 'k' }, ':1': { S: '1' }, ':2': { S: '2' }, ':n0': { S: '3' } },
    });
  });
});

describe('what a run has replaced', () => {
  const item = (SK: string, note: string): WireItem => ({ PK: { S: 'p' }, SK: { S: SK }, note: { S: note } });

  it('is kept under the next free name and never overwritten', async () => {
    const objects = memoryObjects();
    const scope = { objects, runId: 'r', stem: '3-1' };
    expect(await saveUndo(scope, { items: [item('a', 'old')], firstNumber: 0 }, {})).toMatchObject({
      number: 0,
    });
    expect(await saveUndo(scope, { items: [item('b', 'old\n')], firstNumber: 0 }, {})).toMatchObject({
      number: 1,
    });
    expect(await saveUndo(scope, { items: [item('b', 'old\n')], firstNumber: 0 }, {})).toMatchObject({
      number: 1,
    });
    expect(objects.written).toEqual(['runs/r/undo/3-1-0.jsonl', 'runs/r/undo/3-1-1.jsonl']);
    const undo = await readUndo(scope, TARGET_KEY);
    expect([...undo.values()]).toEqual([item('a', 'old'), item('b', 'old\n')]);
  });

  it('is nothing for a file of which nothing was replaced', async () => {
    expect((await readUndo({ objects: memoryObjects(), runId: 'r', stem: '0-0' }, TARGET_KEY)).size).toBe(0);
  });
});
