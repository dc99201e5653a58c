import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SyncStatus } from '../../../functions/shared/ledger/sync-facts.ts';
import { runKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { updateIf } from '../../../functions/shared/ledger/store.ts';
import { noteArrival, switchedPut } from '../../../functions/shared/ledger/sync.ts';
import { transact } from '../../../functions/shared/ledger/transact.ts';
import type { Gate } from '../../support/ledger-world.ts';
import { logging, openSyncBench, product, streamArn, type SyncBench, targetName } from './sync-bench.ts';
import { WRITES } from './troubles.ts';

let bench: SyncBench;
beforeAll(async () => void (bench = await openSyncBench()));
beforeEach(() => bench.reset());
afterAll(() => bench.world.stop());

const acknowledged = { failed: undefined };

/** Two products at the source, of which the target has nothing. */
const daysAgo = (days: number): string =>
  new Date(bench.world.clock.now() - days * 24 * 3_600_000).toISOString();

async function fillSource(): Promise<void> {
  await bench.putSource(product('1'), product('2'));
}

/** Calls with every record of the two products, and keeps what is logged. */
async function callAndLog(gate: Gate = (_operation, send) => send()) {
  const { runtime, lines } = logging(bench.gated(gate));
  const answer = await bench.call(['1', '2', '1'], { runtime });
  return { answer, lines };
}

describe('a batch that comes without an open sync', () => {
  it('is acknowledged and written nowhere where there never was one', async () => {
    await fillSource();
    const { answer, lines } = await callAndLog();
    expect(answer).toEqual(acknowledged);
    expect(await bench.target()).toEqual(new Map());
    expect(lines).toEqual([['info', 'Changes without a sync', { records: 3, expired: 0 }]]);
  });

  it('says nothing where it has no records', async () => {
    const { runtime, lines } = logging(bench.world.observer);
    expect(await bench.call([], { runtime })).toEqual(acknowledged);
    expect(lines).toEqual([]);
  });

  it.each([
    ['being cancelled', ['CANCELLING']],
    ['cancelled', ['CANCELLING', 'CANCELLED']],
  ] as const)('is acknowledged and written nowhere where it is %s', async (_name, path) => {
    await fillSource();
    await bench.begin();
    for (const status of path) await bench.move(status);
    const { answer, lines } = await callAndLog();
    expect(answer).toEqual(acknowledged);
    expect(await bench.target()).toEqual(new Map());
    expect(await bench.pending()).toEqual([]);
    expect(lines.map(([level, message]) => `${level} ${message}`)).toEqual(['info Changes without a sync']);
  });

  it('is acknowledged, written nowhere and an error in the log after the switch', async () => {
    await fillSource();
    await bench.begin();
    await bench.move('SWITCHING');
    await bench.move('SWITCHED');
    const { ledger } = bench.world.observer;
    const switched = { syncId: 'sync-1', switchedAt: '2026-11-29T00:00:00.000Z' };
    await transact(ledger, [switchedPut(ledger, targetName, switched)]);
    const { answer, lines } = await callAndLog();
    expect(answer).toEqual(acknowledged);
    expect(await bench.target()).toEqual(new Map());
    expect(lines).toMatchObject([['error', 'LateChangeRecord', { ...switched, records: 3, key: '1' }]]);
    expect(lines[0]?.[2]['cause']).toContain('3 changes of products arrived after the shop had switched');
  });

  it('is no late change where the compare of the cut over has seen what was changed', async () => {
    await fillSource();
    await bench.begin();
    await bench.move('SWITCHING');
    const { ledger } = bench.world.observer;
    const startedAt = bench.world.clock.now();
    await updateIf(ledger, runKey('sync-1'), { set: { compared: { startedAt } } });
    await bench.move('SWITCHED');
    const switchedAt = new Date(startedAt).toISOString();
    await transact(ledger, [switchedPut(ledger, targetName, { syncId: 'sync-1', switchedAt })]);
    const { runtime, lines } = logging(bench.world.observer);
    await bench.call(['1', '2'], { runtime, changedAt: startedAt - 60_000 });
    expect(lines).toMatchObject([['info', 'Changes without a sync', { records: 0, seen: 2 }]]);
    await bench.call(['2'], { runtime, changedAt: startedAt });
    expect(lines.at(-1)).toMatchObject(['error', 'LateChangeRecord', { records: 1, key: '2' }]);
  });

  it('is no error where another table has taken the place of the one that the shop had switched to', async () => {
    await fillSource();
    await bench.begin();
    await bench.move('CANCELLING');
    await bench.move('CANCELLED');
    const { ledger } = bench.world.observer;
    const earlier = { syncId: 'sync-0', switchedAt: '2026-11-28T00:00:00.000Z', tableId: 'replaced' };
    await transact(ledger, [switchedPut(ledger, targetName, earlier)]);
    const { answer, lines } = await callAndLog();
    expect(answer).toEqual(acknowledged);
    expect(lines.map(([level, message]) => `${level} ${message}`)).toEqual(['info Changes without a sync']);
  });
});

describe('a batch that comes during the switch', () => {
  beforeEach(async () => {
    await fillSource();
    await bench.begin();
    await bench.move('SWITCHING');
  });

  it('is noted in the sync’s record and as pending keys, and written nowhere', async () => {
    const { answer } = await callAndLog();
    expect(answer).toEqual(acknowledged);
    expect(await bench.target()).toEqual(new Map());
    const at = bench.world.clock.now();
    expect(await bench.sync()).toMatchObject({ arrivals: 3, arrived: { count: 3, key: '1', at } });
    expect(await bench.pending()).toEqual(['1', '2']);
  });

  it('keeps the key of the first one when a second comes', async () => {
    await bench.call(['2']);
    await bench.call(['1', '1']);
    expect((await bench.sync()).arrived).toMatchObject({ count: 3, key: '2' });
    expect(await bench.pending()).toEqual(['1', '2']);
  });

  it('is noted although another call notes its own at the same time', async () => {
    await Promise.all([bench.call(['1']), bench.call(['2']), bench.call(['1'])]);
    expect((await bench.sync()).arrivals).toBe(3);
    expect(await bench.pending()).toEqual(['1', '2']);
  });

  it('is delivered again where the sync follows the source again by the time that it is noted', async () => {
    let isMoved = false;
    const moving = bench.world.runtime(async (operation, send) => {
      if (operation === 'UpdateItem' && !isMoved) {
        isMoved = true;
        await bench.move('SYNCING');
      }
      return send();
    });
    const { failed } = await bench.call(['1', '2'], { runtime: moving });
    expect(failed).toBeDefined();
    expect(await bench.call(['1', '2'])).toEqual(acknowledged);
    expect(await bench.differences()).toEqual([]);
  });

  it('is settled by later calls once the switch was given up', async () => {
    await bench.call(['1', '2']);
    await bench.move('SYNCING');
    expect(await bench.call(['ghost'])).toEqual(acknowledged);
    expect(await bench.differences()).toEqual([]);
    expect(await bench.pending()).toEqual([]);
  });

  it('is too late where the switch is made while it is being noted', async () => {
    const { ledger } = bench.world.observer;
    const sync = await bench.sync();
    await bench.move('SWITCHED');
    expect(await noteArrival(ledger, sync, { key: '1', at: 1, count: 1 })).toBe(false);
    await bench.call(['1']);
    expect(await bench.pending()).toEqual([]);
    expect(await bench.target()).toEqual(new Map());
  });
});

describe('a sync that stops following in the middle of a batch', () => {
  /** Moves the sync after the first write; time passes, so that the next look is due. No write may follow. */
  const movingAfterOne = (...path: readonly SyncStatus[]): Gate => {
    let writes = 0;
    return async (operation, send) => {
      if (!WRITES.has(operation)) return send();
      writes += 1;
      expect(writes).toBe(1);
      const answer = await send();
      for (const status of path) await bench.move(status);
      bench.world.clock.advance(6_000);
      return answer;
    };
  };

  beforeEach(async () => {
    await bench.putSource(product('1'));
    await bench.begin();
  });

  it('notes the rest as arrivals and pending keys where it is SWITCHING', async () => {
    const runtime = bench.gated(movingAfterOne('SWITCHING'));
    expect(await bench.call(['1', '1'], { runtime })).toEqual(acknowledged);
    expect((await bench.target()).size).toBe(1);
    expect((await bench.sync()).arrived).toMatchObject({ count: 2, key: '1' });
    expect(await bench.pending()).toEqual(['1']);
    await bench.move('SYNCING');
    await bench.call([]);
    expect(await bench.differences()).toEqual([]);
    expect(await bench.pending()).toEqual([]);
  });

  it.each([
    ['CANCELLING', ['CANCELLING']],
    ['CANCELLED', ['CANCELLING', 'CANCELLED']],
    ['SWITCHED', ['SWITCHING', 'SWITCHED']],
  ] as const)('acknowledges the rest and writes nothing more where it is %s', async (_status, path) => {
    const runtime = bench.gated(movingAfterOne(...path));
    expect(await bench.call(['1', '1'], { runtime })).toEqual(acknowledged);
    expect((await bench.target()).size).toBe(1);
    expect(await bench.pending()).toEqual([]);
  });

  it('has the rest delivered again where it follows again by then', async () => {
    let isClosed = false;
    const runtime = bench.world.runtime(async (operation, send) => {
      const isLook = isClosed && operation === 'BatchGetItem';
      const answer = await send();
      if (operation === 'PutItem' && !isClosed) {
        isClosed = true;
        await bench.move('SWITCHING');
        bench.world.clock.advance(6_000);
      }
      if (isLook) await bench.move('SYNCING');
      return answer;
    });
    const { failed } = await bench.call(['1', '1'], { runtime });
    expect(failed).toBeDefined();
    expect((await bench.sync()).arrivals).toBeUndefined();
    await bench.call(['1', '1']);
    expect(await bench.differences()).toEqual([]);
  });
});

describe('a gap', () => {
  const other = streamArn.replace('00.000', '59.000');

  it('is noted where records come from another stream, which are acknowledged and not written', async () => {
    await fillSource();
    await bench.begin();
    expect(await bench.call(['1'], { streamArn: other })).toEqual(acknowledged);
    expect(await bench.target()).toEqual(new Map());
    const { gap, gapAt } = await bench.sync();
    expect(gap).toEqual({
      at: bench.world.clock.now(),
      reason: `Changes came from ${other}, but the sync follows ${streamArn}.`,
    });
    expect(gapAt).toBe(gap?.at);
  });

  it('is noted during the switch as well, which such records hold up like any others', async () => {
    await bench.begin();
    await bench.move('SWITCHING');
    await bench.call(['1'], { streamArn: other });
    expect(await bench.sync()).toMatchObject({ arrivals: 1, gap: { at: bench.world.clock.now() } });
  });

  it('is noted where a record is older than 23 hours, and the record is settled', async () => {
    await fillSource();
    await bench.begin({ startedAt: daysAgo(2) });
    const changedAt = bench.world.clock.now() - 23 * 3_600_000 - 1_000;
    await bench.call(['1', '2'], { changedAt });
    expect(await bench.differences()).toEqual([]);
    expect((await bench.sync()).gap?.reason).toContain('more than 23 hours late');
  });

  it('is not noted where the change was made before the sync began: its first compare sees that', async () => {
    await bench.begin({ startedAt: daysAgo(0) });
    await bench.call(['1'], { changedAt: bench.world.clock.now() - 23.5 * 3_600_000 });
    expect((await bench.sync()).gap).toBeUndefined();
  });

  it('is not noted for a record of 22 hours', async () => {
    await bench.begin({ startedAt: daysAgo(2) });
    await bench.call(['1'], { changedAt: bench.world.clock.now() - 22 * 3_600_000 });
    expect((await bench.sync()).gap).toBeUndefined();
  });
});

describe('a target', () => {
  it('that somebody has replaced is not written', async () => {
    await bench.begin({
      follows: {
        runId: 'run-1',
        startedAt: '2026-11-28T00:00:00.000Z',
        tables: [{ name: targetName, tableId: 'the one before' }],
      },
    });
    await bench.putSource(product('1'));
    await expect(bench.call(['1'])).rejects.toMatchObject({ name: 'TableUnavailableError' });
    expect(await bench.target()).toEqual(new Map());
  });
});
