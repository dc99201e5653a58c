import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import type { Shard, ShardState } from '../../../functions/shared/ledger/shard.ts';
import { mapPace, type ShardPace } from '../../../workflow/cli/map-pace.ts';
import { progressOf, type StageProgress } from '../../../workflow/cli/progress.ts';

/** What the ledger said at one moment of a run of 100,000 products on a laptop; times since its first shard. */
interface Look {
  readonly now: number;
  readonly state: string;
  readonly run: Run;
  readonly shards: readonly (readonly [ShardState, readonly Shard[]])[];
}

const file = new URL('../../fixtures/looks-at-100000-products.json.gz', import.meta.url);
const looks = JSON.parse(gunzipSync(readFileSync(file)).toString()) as readonly Look[];

/** The recording has no claims. A call was at work on each shard that was not done. */
function atWork([state, shards]: Look['shards'][number]): Look['shards'][number] {
  return [state, shards.map((shard) => (shard.done ? shard : { ...shard, claim: 'a-call' }))];
}

/** Each look at a Map under way from a fifth of it on: what is said, and how it came out. */
function saidOf(state: ShardState): readonly { readonly stage: StageProgress; readonly truth: number }[] {
  const last = looks.at(-1)?.shards.find(([name]) => name === state)?.[1] ?? [];
  const start = Math.min(...last.map(({ startedAt }) => startedAt));
  const end = Math.max(...last.map(({ updatedAt }) => updatedAt));
  return looks
    .filter(({ now }) => now > start + (end - start) / 5 && now < end)
    .flatMap(({ now, run, shards, state: at }) => {
      const { stages } = progressOf(run, new Map(shards.map(atWork)), { state: at, now });
      const truth = (end - now) / 1_000;
      return stages.filter((stage) => stage.state === state).map((stage) => ({ stage, truth }));
    });
}

/** A checkpoint is 5 seconds old at most. The Maps before have three of them on this run: too few to tell a rate from. */
const SECONDS_OFF = 5;

describe('the time that a run of 100,000 products is said to need', () => {
  it.each(['MigrateProducts', 'VerifyMigration'] as const)(
    'is, from a fifth of %s on, within 30 percent of the truth or 5 seconds',
    (state) => {
      const said = saidOf(state);
      expect(said.length).toBeGreaterThan(15);
      const wrong = said.filter(
        ({ stage: { secondsLeft = Infinity }, truth }) =>
          Math.abs(secondsLeft - truth) > Math.max(SECONDS_OFF, 0.3 * truth),
      );
      expect(wrong.map(({ stage, truth }) => [stage.secondsLeft, truth])).toEqual([]);
    },
  );

  it('comes with a count that never stands still nor goes back while workers work', () => {
    const counts = saidOf('MigrateProducts').map(({ stage }) => stage.itemsNow);
    const still = counts.filter((items, index) => index > 0 && items <= (counts[index - 1] ?? 0));
    expect(still.length).toBeLessThan(counts.length / 20);
  });
});

describe('the pace of a Map', () => {
  const shard = (marks: readonly (readonly [number, number])[], done = false): ShardPace => ({
    done,
    callBeganAt: done ? undefined : marks[0]?.[0],
    updatedAt: marks.at(-1)?.[0] ?? 0,
    marks,
  });

  it('is the sum of the workers at work, each by its own last checkpoints', () => {
    const shards = [
      shard([
        [0, 0],
        [10_000, 100],
      ]),
      shard([
        [5_000, 0],
        [10_000, 100],
      ]),
    ];
    const pace = mapPace({ shards, total: 500, shardCount: 2, workers: 2 }, 10_000);
    expect(pace).toEqual({ doneNow: 200, perSecond: 30, secondsLeft: 10 });
  });

  it('forgets a slow start, and an hour on hold', () => {
    const held = shard([
      [0, 0],
      [5_000, 100],
      [3_605_000, 100],
      [3_610_000, 200],
    ]);
    expect(mapPace({ shards: [held], total: 300, shardCount: 1, workers: 1 }, 3_610_000).secondsLeft).toBe(5);
  });

  it('counts no worker whose shard is done, and those that have not saved yet like the others', () => {
    const done = shard(
      [
        [0, 0],
        [1_000, 500],
      ],
      true,
    );
    const going = shard([
      [0, 0],
      [10_000, 100],
    ]);
    const pace = mapPace({ shards: [done, going], total: 900, shardCount: 3, workers: 3 }, 10_000);
    expect(pace).toEqual({ doneNow: 600, perSecond: 20, secondsLeft: 15 });
  });

  it('adds what a worker has done since its checkpoint, for ten seconds at most', () => {
    const going = shard([
      [0, 0],
      [10_000, 100],
    ]);
    const doneAt = (now: number): number =>
      mapPace({ shards: [going], total: 1_000, shardCount: 1, workers: 1 }, now).doneNow;
    expect([doneAt(10_000), doneAt(15_000), doneAt(60_000)]).toEqual([100, 150, 200]);
  });

  it('adds nothing for the time in which no call worked on a shard, as while a run is paused', () => {
    const marks = [
      [0, 0],
      [10_000, 100],
    ] as const;
    const paceAt = (now: number, callBeganAt?: number) =>
      mapPace({ shards: [{ ...shard(marks), callBeganAt }], total: 1_000, shardCount: 1, workers: 1 }, now);
    expect(paceAt(15_000).doneNow).toBe(100);
    expect(paceAt(62_000, 60_000).doneNow).toBe(120);
  });

  it('is that of the call at work, once it has a checkpoint', () => {
    const marks = [
      [0, 0],
      [10_000, 100],
      [65_000, 110],
    ] as const;
    const resumed = { ...shard(marks), callBeganAt: 60_000 };
    const pace = mapPace({ shards: [resumed], total: 130, shardCount: 1, workers: 1 }, 65_000);
    expect(pace).toEqual({ doneNow: 110, perSecond: 2, secondsLeft: 10 });
  });

  it('says nothing before the first checkpoint', () => {
    const shards = [shard([[0, 0]])];
    expect(mapPace({ shards, total: 10, shardCount: 1, workers: 1 }, 5_000)).toEqual({
      doneNow: 0,
      perSecond: 0,
      secondsLeft: undefined,
    });
  });
});
