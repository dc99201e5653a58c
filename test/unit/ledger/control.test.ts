import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ShardTurn, takeTurn } from '../../../functions/shared/copy/shard-turn.ts';
import { HISTORY_EVENTS } from '../../../functions/shared/cost/history.ts';
import { resumeRun } from '../../../functions/shared/ledger/begin.ts';
import {
  capsOf,
  pauseRun,
  pauseWaitSeconds,
  throttleRun,
  unpauseRun,
} from '../../../functions/shared/ledger/control.ts';
import { quietTimeOf } from '../../../functions/shared/ledger/quiet.ts';
import { readRun, type Run } from '../../../functions/shared/ledger/run.ts';
import { findShard } from '../../../functions/shared/ledger/shard.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import type { WorkerOutput } from '../../../functions/shared/state.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun, longTurn, sampleHolder } from '../../support/sample-run.ts';

let world: LedgerWorld;
let run: Run;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(async () => {
  await world.reset();
  run = await begunRun(world, 'a');
});
afterAll(() => world.stop());

const ledger = () => world.observer.ledger;
const asked = () => ({ at: new Date(world.clock.now()).toISOString(), by: 'arn:aws:iam::1:user/ann' });
const pause = () => pauseRun(ledger(), 'a', asked());
const unpause = () => unpauseRun(ledger(), 'a', asked());

async function hold(): Promise<Run | undefined> {
  const facts = { finishedAt: asked().at };
  return transition(ledger(), {
    run: await readRun(ledger(), 'a'),
    to: 'HELD',
    lock: 'keep',
    writer: 'w',
    facts,
  });
}

type Unit = (turn: ShardTurn<number>) => Promise<void>;

/** One call of a worker. */
function call(unit: Unit): Promise<WorkerOutput> {
  const input = { runId: run.runId, executionArn: run.executionArn, shard: 0 };
  const work = { state: 'MigrateProducts', unit } as const;
  return takeTurn<number>(world.runtime(), { input, turn: longTurn }, work);
}

const progress = (items: number) => ({ done: false, cursor: items, counters: { items }, digests: {} });

/** Lets time pass in a unit, and gives the look that is due then the time to be answered. */
async function lookAgain(turn: ShardTurn<number>): Promise<void> {
  world.clock.advance(3_000);
  await turn.fence.check();
  turn.isShort();
  await new Promise((resolve) => setTimeout(resolve, 50));
}

describe('what an operator asks of a run', () => {
  it('is noted with who asked and when, in its order', async () => {
    expect(await pause()).toBe(true);
    expect(await readRun(ledger(), 'a')).toMatchObject({ status: 'RUNNING', paused: asked() });
    expect(await unpause()).toBe(true);
    const caps = { writeUnitsPerSecond: 5 };
    expect(await throttleRun(ledger(), await readRun(ledger(), 'a'), { asked: asked(), caps })).toBe(true);
    const { paused, controls = [] } = await readRun(ledger(), 'a');
    expect(paused).toBeUndefined();
    expect(controls.map(({ action }) => action)).toEqual(['pause', 'unpause', 'throttle']);
    expect(controls.at(-1)).toEqual({ ...asked(), action: 'throttle', writeUnitsPerSecond: 5 });
  });

  it('changes nothing in a run that is paused already, that is not paused, or that is not running', async () => {
    expect(await unpause()).toBe(false);
    await pause();
    expect(await pause()).toBe(false);
    await hold();
    expect(await unpause()).toBe(false);
    expect(await throttleRun(ledger(), run, { asked: asked(), caps: { readUnitsPerSecond: 1 } })).toBe(false);
  });

  it('counts for each cap alone: the other stays as it was planned or given', async () => {
    const planned = { ...run, plan: { ...run.plan, readUnitsPerSecond: 7, writeUnitsPerSecond: 9 } };
    expect(capsOf(planned)).toEqual({ readUnitsPerSecond: 7, writeUnitsPerSecond: 9 });
    expect(capsOf({ ...planned, caps: { writeUnitsPerSecond: 0 } })).toEqual({
      readUnitsPerSecond: 7,
      writeUnitsPerSecond: 0,
    });
  });

  it('ends with the run: one that was held while it was paused goes on when it is resumed', async () => {
    await pause();
    const held = await hold();
    if (held === undefined) throw new Error('not held');
    expect((await resumeRun(ledger(), held, sampleHolder('again')))?.paused).toBeUndefined();
  });
});

describe('a worker of a paused run', () => {
  it('that is called does nothing, leaves no claim and says when it wants to be called again', async () => {
    await pause();
    const output = await call(() => Promise.reject(new Error('It must not work.')));
    expect(output).toMatchObject({ done: false, waitSeconds: 30, itemsDone: 0 });
    expect(await findShard(ledger(), 'a', 'MigrateProducts', 0)).toBeUndefined();
  });

  it('that is at work saves what it has done within 5 s, returns, and is not waited for by a roll back', async () => {
    let units = 0;
    const output = await call(async (turn) => {
      units += 1;
      if (units === 2) await pause();
      await lookAgain(turn);
      await turn.save(progress(units));
    });
    expect(output).toMatchObject({ done: false, itemsDone: 2, waitSeconds: 30 });
    const shard = await findShard(ledger(), 'a', 'MigrateProducts', 0);
    expect(shard).toMatchObject({ cursor: 2 });
    expect(shard?.claim).toBeUndefined();
    expect(await quietTimeOf(world.observer, await readRun(ledger(), 'a'), world.clock.now())).toBe(0);
  });

  it('goes on at its checkpoint when the pause has ended', async () => {
    await call(async (turn) => {
      await pause();
      await lookAgain(turn);
      await turn.save(progress(1));
    });
    await unpause();
    const output = await call((turn) => turn.save({ ...progress(turn.progress.cursor ?? 0), done: true }));
    expect(output).toMatchObject({ done: true, itemsDone: 1 });
    expect(output).not.toHaveProperty('waitSeconds');
  });

  it('that has moved nothing because of the pause does not fail', async () => {
    const output = await call(async (turn) => {
      await pause();
      await lookAgain(turn);
      throw Object.assign(new Error('nothing went through'), { name: 'ThrottlingException' });
    });
    expect(output).toMatchObject({ done: false, waitSeconds: 30 });
  });
});

describe('a worker of a throttled run', () => {
  it('knows its share of the new cap within 5 s', async () => {
    const shares: number[] = [];
    await call(async (turn) => {
      shares.push(turn.share('writeUnitsPerSecond'));
      await throttleRun(ledger(), run, { asked: asked(), caps: { writeUnitsPerSecond: 40 } });
      await lookAgain(turn);
      shares.push(turn.share('writeUnitsPerSecond'));
      await turn.save({ ...progress(1), done: true });
    });
    expect(shares).toEqual([run.plan.writeUnitsPerSecond / run.plan.workers, 40 / run.plan.workers]);
  });
});

describe('the wait of a paused worker', () => {
  const DAY_SECONDS = 86_400;
  const EVENTS_PER_LOOK = 9;

  /** Events of a pause of one day, if every worker looks as often as it may. */
  function eventsOfADay(workers: number): number {
    let seconds = 0;
    let looks = 0;
    const at = new Date(0).toISOString();
    for (; seconds < DAY_SECONDS; looks += 1)
      seconds += pauseWaitSeconds({ at, by: '' }, { now: seconds * 1_000, workers });
    return looks * workers * EVENTS_PER_LOOK;
  }

  it.each([1, 5, 10, 20, 40])(
    'keeps a pause of a day within what a history has left, with %d workers',
    (workers) => {
      const MAPS_AND_RETRIES = 18_500;
      expect(eventsOfADay(workers)).toBeLessThan(HISTORY_EVENTS - MAPS_AND_RETRIES);
    },
  );

  it('is half a minute at first', () => {
    expect(pauseWaitSeconds({ at: new Date(0).toISOString(), by: '' }, { now: 60_000, workers: 20 })).toBe(
      30,
    );
  });
});
