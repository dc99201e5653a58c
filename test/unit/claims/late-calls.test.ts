import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lockKey, runKey, shardKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { updateIf } from '../../../functions/shared/ledger/store.ts';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import { findShard } from '../../../functions/shared/ledger/shard.ts';
import { prepareResumption } from '../../../functions/shared/runs/prepare-resumption.ts';
import { quietTimeOf, untilQuiet } from '../../../functions/shared/ledger/quiet.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import { type ShardTurn, takeTurn } from '../../../functions/shared/copy/shard-turn.ts';
import type { WorkerOutput } from '../../../functions/shared/state.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun, killedCall, longTurn, movedTo, removeByHand } from '../../support/sample-run.ts';

let world: LedgerWorld;
let run: Run;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(async () => {
  await world.reset();
  run = await begunRun(world, 'a');
});
afterAll(() => world.stop());

const done = { done: true, counters: { items: 1 }, digests: {} } as const;
const halfDone = { done: false, cursor: 1, counters: { items: 1 }, digests: {} } as const;
type Unit = (turn: ShardTurn<number>) => Promise<void>;

/** One call of a worker; its unit is what the test wants it to do. */
function call(unit: Unit, runtime: Runtime = world.runtime()): Promise<WorkerOutput> {
  const input = { runId: run.runId, executionArn: run.executionArn, shard: 0 };
  const work = { state: 'MigrateProducts', unit } as const;
  return takeTurn<number>(runtime, { input, turn: longTurn }, work);
}

const shard = () => findShard(world.observer.ledger, 'a', 'MigrateProducts', 0);

/** How long it waits, in seconds of the world's clock. */
async function secondsOf(wait: () => Promise<unknown>): Promise<number> {
  const before = world.clock.now();
  await wait();
  return (world.clock.now() - before) / 1_000;
}

describe('a run whose workers have all come back', () => {
  it('is quiet at once: for its commit, its resumption and its roll back', async () => {
    await call((turn) => turn.save(done));
    expect((await shard())?.claim).toBeUndefined();
    expect(await secondsOf(() => untilQuiet(world.observer, run))).toBe(0);
    const held = await movedTo(world, 'a', 'HELD');
    expect(await secondsOf(() => prepareResumption(world.observer, held))).toBe(0);
    const marked = await movedTo(world, 'a', 'ROLLING_BACK');
    expect(await quietTimeOf(world.observer, marked, world.clock.now())).toBe(0);
  });

  it('is quiet at once also when a unit has failed', async () => {
    await expect(call(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect((await shard())?.claim).toBeUndefined();
    expect(await secondsOf(() => untilQuiet(world.observer, run))).toBe(0);
  });
});

describe('a call that was killed at its work', () => {
  it('is waited for by a roll back, from the mark on', async () => {
    await killedCall(world, run);
    world.clock.advance(100_000);
    const { markedAt = 0, ...marked } = await movedTo(world, 'a', 'ROLLING_BACK');
    expect((await quietTimeOf(world.observer, marked, markedAt)) - markedAt).toBe(30_000);
  });

  it('is waited for before its run is resumed, and not a second time behind it', async () => {
    await killedCall(world, run);
    const held = await movedTo(world, 'a', 'HELD');
    expect(await secondsOf(() => prepareResumption(world.observer, held))).toBe(30);
    expect((await shard())?.claim).toBeUndefined();
    expect(await secondsOf(() => prepareResumption(world.observer, held))).toBe(0);
  });

  it('is waited for no longer once it has come back after all', async () => {
    const back = Promise.withResolvers<void>();
    const late = call(async (turn) => {
      await back.promise;
      await turn.save(done);
    });
    await expect.poll(async () => (await shard())?.claim).toBeDefined();
    const held = await movedTo(world, 'a', 'HELD');
    const runtime = {
      ...world.observer,
      sleep: async (millis: number) => {
        world.clock.advance(millis);
        back.resolve();
        await late.catch(() => undefined);
      },
    };
    expect(await secondsOf(() => prepareResumption(runtime, held))).toBe(2);
  });

  it('is waited for by the commit after another call has finished its shard', async () => {
    await killedCall(world, run);
    world.clock.advance(10_000);
    expect(await call((turn) => turn.save(done))).toMatchObject({ done: true });
    expect(await secondsOf(() => untilQuiet(world.observer, run))).toBe(30);
  });

  it('is stopped by a commit that finds its claim', async () => {
    const second = Promise.withResolvers<void>();
    const first = call(async (turn) => {
      await turn.save(halfDone);
      await second.promise;
      await turn.fence.check();
      await turn.save(done);
    });
    await expect.poll(async () => (await shard())?.counters['items']).toBe(1);
    expect(await secondsOf(() => untilQuiet(world.observer, run))).toBe(30);
    second.resolve();
    expect(await first).toMatchObject({ done: false });
    expect(await shard()).toMatchObject({ done: false });
  });
});

describe('two calls at one shard', () => {
  it('do not work side by side: the first stops at its next look, and the second goes on', async () => {
    const taken = Promise.withResolvers<void>();
    let sent = 0;
    const first = call(async (turn) => {
      await taken.promise;
      world.clock.advance(5_000);
      await turn.fence.check();
      sent += 1;
    });
    await expect.poll(async () => (await shard())?.claim).toBeDefined();
    expect(await call((turn) => turn.save(done))).toMatchObject({ done: true });
    taken.resolve();
    expect(await first).toMatchObject({ done: true, itemsDone: 1 });
    expect(sent).toBe(0);
  });
});

describe('a request that got no answer', () => {
  it('is waited for a minute, although its call came back', async () => {
    const runtime = world.runtime();
    await call(async (turn) => {
      runtime.inDoubt.note();
      await turn.save(done);
    }, runtime);
    world.clock.advance(15_000);
    expect(await secondsOf(() => untilQuiet(world.observer, run))).toBe(45);
  });

  it('is waited for a minute also where another call has taken over, and finished', async () => {
    const runtime = world.runtime();
    const taken = Promise.withResolvers<void>();
    const first = call(async (turn) => {
      await taken.promise;
      runtime.inDoubt.note();
      await turn.save(done);
    }, runtime);
    await expect.poll(async () => (await shard())?.claim).toBeDefined();
    await call((turn) => turn.save(done));
    taken.resolve();
    await first;
    world.clock.advance(15_000);
    expect(await secondsOf(() => untilQuiet(world.observer, run))).toBe(45);
  });

  it('is waited for by a commit that has stopped its call', async () => {
    const runtime = world.runtime();
    const stopped = Promise.withResolvers<void>();
    const first = call(async (turn) => {
      await stopped.promise;
      runtime.inDoubt.note();
      await turn.save(done);
    }, runtime);
    await expect.poll(async () => (await shard())?.claim).toBeDefined();
    const sleep = async (millis: number): Promise<void> => {
      world.clock.advance(20_000);
      stopped.resolve();
      await first;
      world.clock.advance(millis - 20_000);
    };
    expect(await secondsOf(() => untilQuiet({ ...world.observer, sleep }, run))).toBe(80);
  });
});

describe('a time that somebody has written into the ledger by hand, or a clock that is wrong', () => {
  const year = 365 * 24 * 3_600_000;

  it('is waited for no longer than the slowest request could take', async () => {
    await call((turn) => turn.save(done));
    const set = { quietAt: world.clock.now() + year };
    await updateIf(world.observer.ledger, shardKey('a', 'MigrateProducts', 0), { set });
    expect(await secondsOf(() => untilQuiet(world.observer, run))).toBe(90);
    const { markedAt = 0, ...marked } = await movedTo(world, 'a', 'ROLLING_BACK');
    expect((await quietTimeOf(world.observer, marked, markedAt)) - markedAt).toBe(90_000);
    const later = { quietAt: world.clock.now() + year, lateUntil: world.clock.now() + year };
    await updateIf(world.observer.ledger, runKey('a'), { set: later });
    world.clock.advance(90_000);
    expect(await quietTimeOf(world.observer, marked, markedAt)).toBeLessThanOrEqual(world.clock.now());
  });
});

describe('a run whose lock somebody has removed from the ledger by hand', () => {
  it('changes nothing more', async () => {
    await removeByHand(world.observer.ledger, lockKey('products'));
    await expect(call((turn) => turn.save(done))).rejects.toThrow('no longer has the lock');
    expect(await shard()).toMatchObject({ done: false });
  });
});

describe('the times of a shard', () => {
  it('begin when its first worker begins, before it has read anything, and not with its first checkpoint', async () => {
    const before = world.clock.now();
    await call(async (turn) => {
      world.clock.advance(4_000);
      await turn.save(halfDone);
      world.clock.advance(3_000);
      await turn.save(done);
    });
    expect(await shard()).toMatchObject({ startedAt: before, updatedAt: before + 7_000 });
  });
});
