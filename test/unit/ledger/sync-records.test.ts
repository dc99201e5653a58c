import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { beginRun } from '../../../functions/shared/ledger/begin.ts';
import { readRun } from '../../../functions/shared/ledger/run.ts';
import { changeSync, followedRunOf, gapFacts, noteGap } from '../../../functions/shared/ledger/sync.ts';
import {
  listPending,
  notePending,
  settlePending,
  somePending,
} from '../../../functions/shared/ledger/sync-records.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import { sampleHolder, sampleNewRun } from '../../support/sample-run.ts';

let world: LedgerWorld;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(() => world.reset());
afterAll(() => world.stop());

const note = (id: string, quietAt?: number) =>
  notePending(
    world.observer.ledger,
    { syncId: 'sync-1', identity: id },
    { key: { id: { S: id } }, text: id, reason: 'A test.', since: 1, ...(quietAt && { quietAt }) },
  );
const pending = () => listPending(world.observer.ledger, 'sync-1');

async function begin() {
  const begun = await beginRun(
    world.observer.ledger,
    sampleNewRun('sync-1', {
      kind: 'sync',
      follows: { runId: 'run-1', startedAt: '2026-11-28T00:00:00.000Z', tables: [] },
    }),
    sampleHolder('sync-1'),
  );
  if (begun.outcome !== 'BEGUN') throw new Error('The sync was not begun.');
  return begun.run;
}

describe('a gap of a sync', () => {
  it('moves forward, never back, and is not noted once the sync is being cancelled', async () => {
    const { ledger } = world.observer;
    const run = await begin();
    const noted = (at: number) => noteGap(ledger, 'sync-1', { at, reason: `at ${at}` });
    expect(await noted(10)).toBe(true);
    expect(await noted(9)).toBe(false);
    expect(await noted(11)).toBe(true);
    expect(await readRun(ledger, 'sync-1')).toMatchObject(gapFacts({ at: 11, reason: 'at 11' }));
    await changeSync(ledger, { run, to: 'CANCELLING', step: 'cancel', holder: sampleHolder('cancel') });
    expect(await noted(12)).toBe(false);
  });
});

describe('what a sync follows', () => {
  it('is the run whose transform the target shows, with the settings that the sync has of it', async () => {
    expect(followedRunOf(await begin())).toEqual({
      runId: 'run-1',
      startedAt: '2026-11-28T00:00:00.000Z',
      sourceTable: 'products',
      settings: { migration: { defaultStockQuantity: 50 } },
    });
  });

  it('is missing in a run of another kind, which is a sentence', async () => {
    const { follows: _, ...run } = await begin();
    expect(() => followedRunOf(run)).toThrow('The ledger does not say which run sync-1 follows.');
  });
});

describe('pending keys', () => {
  it('are read some at a time, from anywhere in their order and round its end, each once', async () => {
    const ids = Array.from({ length: 25 }, (_, index) => `p${index}`);
    for (const id of ids) await note(id);
    const all = (await pending()).map(({ SK }) => SK);
    for (const from of [0, 0.2, 0.5, 0.9, 0.999]) {
      const some = await somePending(world.observer.ledger, 'sync-1', { from, limit: 10 });
      expect(new Set(some.map(({ SK }) => SK)).size).toBe(10);
      const whole = await somePending(world.observer.ledger, 'sync-1', { from, limit: 100 });
      expect(whole.map(({ SK }) => SK).toSorted()).toEqual(all);
    }
    expect(await somePending(world.observer.ledger, 'sync-2', { from: 0.5, limit: 10 })).toEqual([]);
  });

  it('keep the latest time at which their writes are quiet', async () => {
    await note('1', 500);
    await note('1');
    await note('1', 300);
    expect(await pending()).toMatchObject([{ text: '1', quietAt: 500, version: 3 }]);
  });

  it('are expired only where every note says so, and no write of theirs is in doubt', async () => {
    const { ledger } = world.observer;
    const place = { syncId: 'sync-1', identity: 'e' };
    const key = { key: { id: { S: 'e' } }, text: 'e', reason: 'It is gone.', since: 1 };
    const isExpired = async (): Promise<boolean> => (await pending())[0]?.isExpiry === true;
    await notePending(ledger, place, { ...key, isExpiry: true });
    await notePending(ledger, place, { ...key, isExpiry: true });
    expect(await isExpired()).toBe(true);
    await notePending(ledger, place, key);
    expect(await isExpired()).toBe(false);
    await notePending(ledger, place, { ...key, isExpiry: true });
    expect(await isExpired()).toBe(false);
    const [noted] = await pending();
    if (noted !== undefined) await settlePending(ledger, noted);
    await notePending(ledger, place, { ...key, isExpiry: true });
    await notePending(ledger, place, { ...key, isExpiry: true, quietAt: 500 });
    expect(await isExpired()).toBe(false);
  });

  it('stay where they were noted again after the look that settles them', async () => {
    await note('1');
    const [before] = await pending();
    if (before === undefined) throw new Error('Nothing is pending.');
    await note('1');
    expect(await settlePending(world.observer.ledger, before)).toBe(false);
    const [after] = await pending();
    expect(after && (await settlePending(world.observer.ledger, after))).toBe(true);
    expect(await pending()).toEqual([]);
  });
});
