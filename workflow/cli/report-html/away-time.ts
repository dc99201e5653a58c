import type { Pictures } from '../run-record.ts';
import type { StateVisit } from '../state-visits.ts';

/**
 * Closes the time in which no execution has worked on the run, which may be days: the pictures show the time of work. Of
 * the rest a band stays, which has no width and says how long it was.
 */
export function withoutAwayTime<V extends Pictures>(view: V): V {
  const gaps = view.path.filter(({ awaySeconds }) => awaySeconds !== undefined);
  if (gaps.length === 0) return view;
  const at = (millis: number): number => millis - awayMillisBefore(gaps, millis);
  const path = view.path.map((visit) => ({
    ...visit,
    enteredAt: at(visit.enteredAt),
    leftAt: at(visit.leftAt),
  }));
  const shards = [...view.shards].map(([state, own]) => {
    const moved = own.map((shard) => ({
      ...shard,
      startedAt: at(shard.startedAt),
      updatedAt: at(shard.updatedAt),
      marks: shard.marks.map(([millis, items]) => [at(millis), items] as const),
    }));
    return [state, moved] as const;
  });
  return { ...view, path, shards: new Map(shards) };
}

function awayMillisBefore(gaps: readonly StateVisit[], millis: number): number {
  return gaps.reduce(
    (sum, { enteredAt, leftAt }) => sum + Math.max(0, Math.min(millis, leftAt) - enteredAt),
    0,
  );
}
