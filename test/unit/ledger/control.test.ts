import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ShardTurn, takeTurn } from '../../../functions/shared/copy/shard-turn.ts';
import { HISTORY_EVENTS, type PauseShare, pauseShareOf } from '../../../functions/shared/cost/history.ts';
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
import { runKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { updateIf } from '../../../functions/shared/ledger/store.ts';
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
function call(unit: Unit, shard = 0): Promise<WorkerOutput> {
  const input = { runId: run.runId, executionArn: run.executionArn, shard };
  const work = { state: 'MigrateProducts', unit } as const;
  return takeTurn<number>(world.runtime(), { input, turn: longTurn }, work);
}

const progress = (items: number) => ({ done: false, cursor: items, counters: { items }, digests: {} });

/** Lets 5 s pass in a unit. The fence then waits for a look. */
async function lookAgain(turn: ShardTurn<number>): Promise<void> {
  world.clock.advance(5_000);
  await turn.fence.check();
}

describe('what an operator asks of a run', () => {
  it('is noted with who asked and when, in its order', async () => {
    expect(await pause()).toBe(true);
    expect(await readRun(ledger(), 'a')).toMatchObject({ status: 'RUNNING', paused: asked() });
    expect(await unpause()).toBe(true);
    const caps = { writeUnitsPerSecond: 5 };
    expect(await throttleRun(ledger(), 'a', { asked: asked(), caps })).toBe(true);
    const { paused, controls = [] } = await readRun(ledger(), 'a');
    expect(paused).toBeUndefined();
    expect(controls.map(({ action }) => action)).toEqual(['pause', 'unpause', 'throttle']);
    expect(controls.at(-1)).toEqual({ ...asked(), action: 'throttle', writeUnitsPerSecond: 5 });
  });

  it('changes nothing in a run that is paused already, that is not paused, or that is not running', async () => {
    expect(await unpause()).toBe(false);
    await pause();
    world.clock.advance(1);
    expect(await pause()).toBe(false);
    await hold();
    expect(await unpause()).toBe(false);
    expect(await throttleRun(ledger(), 'a', { asked: asked(), caps: { readUnitsPerSecond: 1 } })).toBe(false);
  });

  it('is done once where its answer was lost and the client has asked again', async () => {
    const { client } = ledger();
    const send = async (command: UpdateCommand) => {
      const answer = await client.send(command);
      return command instanceof UpdateCommand ? client.send(command) : answer;
    };
    const twice = { ...ledger(), client: Object.create(client, { send: { value: send } }) as typeof client };
    const caps = { writeUnitsPerSecond: 5 };

    expect(await pauseRun(twice, 'a', asked())).toBe(true);
    expect(await readRun(ledger(), 'a')).toMatchObject({ paused: asked() });
    expect(await throttleRun(twice, 'a', { asked: asked(), caps })).toBe(true);
    expect(await unpauseRun(twice, 'a', asked())).toBe(true);
    const { paused, controls = [] } = await readRun(ledger(), 'a');
    expect(paused).toBeUndefined();
    expect(controls.map(({ action }) => action)).toEqual(['pause', 'throttle', 'unpause']);
  });

  it('keeps the cap that somebody else gives at the same time', async () => {
    const others = [{ readUnitsPerSecond: 3 }, { writeUnitsPerSecond: 4 }];
    await Promise.all(others.map((caps) => throttleRun(ledger(), 'a', { asked: asked(), caps })));

    expect((await readRun(ledger(), 'a')).caps).toEqual({ readUnitsPerSecond: 3, writeUnitsPerSecond: 4 });
  });

  it('is kept as its newest 100 events and a count of the others, however often a script gives another cap', async () => {
    const first = asked();
    const earlier = Array.from({ length: 150 }, (_, units) => ({
      ...first,
      action: 'throttle' as const,
      readUnitsPerSecond: units,
    }));
    await updateIf(ledger(), runKey('a'), { append: { controls: earlier } });
    world.clock.advance(1);
    expect(await throttleRun(ledger(), 'a', { asked: asked(), caps: { readUnitsPerSecond: 7 } })).toBe(true);
    expect(await pause()).toBe(true);

    const { paused, caps, controls = [], controlsLeftOut } = await readRun(ledger(), 'a');
    expect({ paused, caps, controlsLeftOut }).toEqual({
      paused: asked(),
      caps: { readUnitsPerSecond: 7 },
      controlsLeftOut: 52,
    });
    expect(controls).toHaveLength(100);
    expect(controls.at(0)).toMatchObject({ readUnitsPerSecond: 52 });
    expect(controls.slice(-2)).toMatchObject([{ readUnitsPerSecond: 7 }, { action: 'pause' }]);
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
    expect(output).toMatchObject({ done: false, waitSeconds: 5, itemsDone: 0 });
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
    expect(output).toMatchObject({ done: false, itemsDone: 2, waitSeconds: 5 });
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
    expect(output).toMatchObject({ done: false, waitSeconds: 5 });
  });
});

describe('workers of a throttled run', () => {
  it('keep to their shares of the new cap within 5 s, all of them', async () => {
    const workers = [0, 1, 2, 3];
    const plan = { ...run.plan, workers: workers.length };
    await updateIf(ledger(), runKey(run.runId), { set: { plan } });
    const throttled = Promise.withResolvers<void>();
    const planned: number[] = [];
    const calls = workers.map((shard) =>
      call(async (turn) => {
        if (planned.push(turn.share('writeUnitsPerSecond')) === workers.length) {
          const caps = { writeUnitsPerSecond: 40 };
          await throttleRun(ledger(), 'a', { asked: asked(), caps });
          world.clock.advance(5_000);
          throttled.resolve();
        }
        await throttled.promise;
        await turn.fence.check();
        expect(turn.share('writeUnitsPerSecond')).toBe(10);
        await turn.save({ ...progress(1), done: true });
      }, shard),
    );
    expect((await Promise.all(calls)).map(({ done }) => done)).toEqual([true, true, true, true]);
    expect(planned).toEqual(workers.map(() => run.plan.writeUnitsPerSecond / workers.length));
  });
});

describe('a worker of a throttled run', () => {
  it('knows its share of the new cap within 5 s', async () => {
    const shares: number[] = [];
    await call(async (turn) => {
      shares.push(turn.share('writeUnitsPerSecond'));
      await throttleRun(ledger(), 'a', { asked: asked(), caps: { writeUnitsPerSecond: 40 } });
      await lookAgain(turn);
      shares.push(turn.share('writeUnitsPerSecond'));
      await turn.save({ ...progress(1), done: true });
    });
    expect(shares).toEqual([run.plan.writeUnitsPerSecond / run.plan.workers, 40 / run.plan.workers]);
  });
});

describe('the wait of a paused worker', () => {
  const WEEK_SECONDS = 7 * 86_400;
  const EVENTS_PER_LOOK = 9;
  const at = new Date(0).toISOString();

  const waitAfter = (pausedSeconds: number, share: PauseShare): number =>
    pauseWaitSeconds({ at, by: '' }, { now: pausedSeconds * 1_000, ...share });

  /** Events of a pause as long as an execution may be, if every worker looks as often as it may. */
  function eventsOfAWeek(share: PauseShare): number {
    let seconds = 0;
    let looks = 0;
    for (; seconds < WEEK_SECONDS; looks += 1) seconds += waitAfter(seconds, share);
    return looks * share.workers * EVENTS_PER_LOOK;
  }

  const WORKERS = [1, 5, 10, 20, 40];
  const PLANNED = [200, 5_000, 18_000, undefined];

  it.each(WORKERS.flatMap((workers) => PLANNED.map((mapEvents) => ({ workers, mapEvents }))))(
    'keeps a pause of a week within what the history has left: $workers workers, $mapEvents events planned',
    ({ workers, mapEvents }) => {
      const KEPT = 800;
      const share = pauseShareOf({ workers, mapEvents }, 'INLINE');
      expect(eventsOfAWeek(share)).toBeLessThanOrEqual(HISTORY_EVENTS - KEPT - (mapEvents ?? 18_000));
      expect(eventsOfAWeek(pauseShareOf({ workers, mapEvents }, 'DISTRIBUTED'))).toBeLessThan(HISTORY_EVENTS);
    },
  );

  it('is 5 s for as long as the history allows it: minutes of a small run, and of any iteration with a history of its own', () => {
    const small = pauseShareOf({ workers: 4, mapEvents: 300 }, 'INLINE');
    expect(waitAfter(0, small)).toBe(5);
    expect(waitAfter(240, small)).toBe(5);
    expect(waitAfter(900, pauseShareOf({ workers: 40 }, 'DISTRIBUTED'))).toBe(5);
  });

  it('is a tenth of a long pause with 20 workers where the run fills little of the history, and two fifths where it fills all it may', () => {
    expect(waitAfter(3_600, pauseShareOf({ workers: 20, mapEvents: 1_000 }, 'INLINE'))).toBeLessThan(400);
    expect(waitAfter(3_600, pauseShareOf({ workers: 20, mapEvents: 18_000 }, 'INLINE'))).toBeLessThan(1_530);
  });
});
