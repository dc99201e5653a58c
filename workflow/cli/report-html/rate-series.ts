import type { Shard, ShardState } from '../../../functions/shared/ledger/shard.ts';
import { itemsOf } from '../progress.ts';
import type { ShardsByState } from '../run-record.ts';

/** Items a second of one Map over time. */
export interface RateSeries {
  readonly state: ShardState;
  readonly intervals: readonly RateInterval[];
}

/** An interval of time, and how fast the Map was in it. */
export interface RateInterval {
  /** Seconds since the run's start. */
  readonly from: number;
  readonly to: number;
  readonly itemsPerSecond: number;
}

const maxIntervals = 60;

type Mark = readonly [millis: number, items: number];

/** How fast each Map was, computed from its workers' checkpoints. A Map that handled no item is left out. */
export function rateSeries(shards: ShardsByState, startMillis: number): readonly RateSeries[] {
  return [...shards]
    .filter(([state, own]) => itemsOf(state, own) > 0)
    .map(([state, own]) => seriesOf(state, own, startMillis));
}

function seriesOf(state: ShardState, shards: readonly Shard[], startMillis: number): RateSeries {
  const from = Math.min(...shards.map(({ startedAt }) => startedAt));
  const to = Math.max(from + 1, ...shards.map(({ updatedAt }) => updatedAt));
  const marks = shards.map((shard) => marksOf(state, shard));
  const count = Math.max(1, Math.min(maxIntervals, Math.ceil((to - from) / 50)));
  const width = (to - from) / count;
  const itemsBy = (millis: number): number => marks.reduce((sum, own) => sum + itemsAt(own, millis), 0);
  const edges = Array.from({ length: count + 1 }, (_, index) => from + index * width);
  const totals = edges.map(itemsBy);
  const seconds = (millis: number): number => (millis - startMillis) / 1000;
  const intervals = edges.slice(1).map((edge, index): RateInterval => {
    const items = (totals[index + 1] ?? 0) - (totals[index] ?? 0);
    return { from: seconds(edge - width), to: seconds(edge), itemsPerSecond: items / (width / 1000) };
  });
  return { state, intervals };
}

/** Start, checkpoints and end of a shard, in order of time. */
function marksOf(state: ShardState, shard: Shard): readonly Mark[] {
  const ends: Mark = [shard.updatedAt, itemsOf(state, [shard])];
  const all: readonly Mark[] = [[shard.startedAt, 0], ...shard.marks, ends];
  const ordered = all.toSorted(([one], [other]) => one - other);
  let most = 0;
  return ordered.map(([millis, items]): Mark => [millis, (most = Math.max(most, items))]);
}

/** Items handled by then, interpolated between two marks. */
function itemsAt(marks: readonly Mark[], millis: number): number {
  const next = marks.findIndex(([at]) => at >= millis);
  const [nextMillis, nextItems] = marks[next] ?? [0, 0];
  if (next === -1) return marks.at(-1)?.[1] ?? 0;
  const [lastMillis, lastItems] = marks[next - 1] ?? [nextMillis, 0];
  const share = nextMillis === lastMillis ? 1 : (millis - lastMillis) / (nextMillis - lastMillis);
  return next === 0 ? 0 : lastItems + share * (nextItems - lastItems);
}
