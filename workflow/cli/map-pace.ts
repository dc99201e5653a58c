/** How fast a Map goes on, as the checkpoints of its workers say. */
export interface MapPace {
  /** Work done by now: as saved, and as much since then as each worker's own rate says. */
  readonly doneNow: number;
  /** Work a second, of the workers that are at work; 0 before the first checkpoint. */
  readonly perSecond: number;
  /** `undefined` before the first checkpoint. */
  readonly secondsLeft: number | undefined;
}

/** A shard's own times; work is counted in one unit for the whole Map, such as items or bytes. */
export interface ShardPace {
  readonly done: boolean;
  /** Epoch milliseconds of the last checkpoint. */
  readonly updatedAt: number;
  /** When the call began that works on it now (epoch milliseconds). Absent: no call does, as while a run is paused. */
  readonly callBeganAt?: number | undefined;
  /** `[epoch ms, work so far]`, oldest first; the first is the shard's beginning. */
  readonly marks: readonly (readonly [number, number])[];
}

/** A Map on its way. */
export interface MapOnItsWay {
  /** Those with a checkpoint. */
  readonly shards: readonly ShardPace[];
  /** Work to do. */
  readonly total: number;
  readonly shardCount: number;
  /** How many shards are worked on at once. */
  readonly workers: number;
}

/**
 * A Map's pace at `now` (epoch milliseconds). Each worker's rate comes from its own last checkpoints, so that neither a
 * slow start nor an hour on hold counts. A shard that is done counts no more.
 */
export function mapPace({ shards, total, shardCount, workers }: MapOnItsWay, now: number): MapPace {
  const saved = sum(shards.map(savedWork));
  const open = shards.filter(({ done }) => !done);
  const rates = open.map(ownRate).filter((rate) => rate > 0);
  if (rates.length === 0) return { doneNow: saved, perSecond: 0, secondsLeft: undefined };
  const atWork = Math.min(workers, shardCount - (shards.length - open.length));
  const perSecond = (sum(rates) / rates.length) * atWork;
  const since = sum(open.map((shard) => unsavedWork(shard, now)));
  const doneNow = Math.max(saved, Math.min(total, saved + since));
  return { doneNow, perSecond, secondsLeft: Math.max(0, total - doneNow) / perSecond };
}

/** A rate is taken over this long: a few checkpoints, and not the slow start. */
const WINDOW_MILLIS = 20_000;
/** A worker saves every 5 seconds. One that has not for longer than this may be gone. */
const MAX_UNSAVED_MILLIS = 10_000;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

const savedWork = ({ marks }: ShardPace): number => marks.at(-1)?.[1] ?? 0;

/** Work a second, from the last checkpoints of the call at work, else of those before; 0 before the first. */
function ownRate(shard: ShardPace): number {
  const marks = marksOfCall(shard);
  const last = marks.at(-1);
  const before = marks.slice(0, -1);
  if (last === undefined) return 0;
  const from = before.find(([time]) => time >= last[0] - WINDOW_MILLIS) ?? before.at(-1) ?? last;
  return last[0] > from[0] ? ((last[1] - from[1]) * 1_000) / (last[0] - from[0]) : 0;
}

/** Without the time in which no call worked on the shard. */
function marksOfCall({ marks, callBeganAt = 0 }: ShardPace): ShardPace['marks'] {
  const before = marks.findLast(([time]) => time <= callBeganAt);
  const own = marks.filter(([time]) => time > callBeganAt);
  return before === undefined || own.length === 0 ? marks : [[callBeganAt, before[1]], ...own];
}

function unsavedWork(shard: ShardPace, now: number): number {
  const { updatedAt, callBeganAt } = shard;
  if (callBeganAt === undefined) return 0;
  const millis = Math.min(MAX_UNSAVED_MILLIS, Math.max(0, now - Math.max(updatedAt, callBeganAt)));
  return (ownRate(shard) * millis) / 1_000;
}
