import { type Shard, type ShardState, SHARD_STATES } from '../ledger/shard.ts';
import type { StateTiming } from './report.ts';

/** When the workers of each state were busy, in the order of the states. */
export function timingsOf(shards: ReadonlyMap<ShardState, readonly Shard[]>): readonly StateTiming[] {
  return SHARD_STATES.flatMap((state) => {
    const own = shards.get(state) ?? [];
    return own.length === 0 ? [] : [timingOf(state, own)];
  });
}

function timingOf(state: ShardState, shards: readonly Shard[]): StateTiming {
  const startedAt = Math.min(...shards.map((shard) => shard.startedAt));
  const finishedAt = Math.max(...shards.map((shard) => shard.updatedAt));
  const items = shards.reduce((sum, shard) => sum + (shard.counters['items'] ?? 0), 0);
  return {
    state,
    startedAt: new Date(startedAt).toISOString(),
    finishedAt: new Date(finishedAt).toISOString(),
    seconds: (finishedAt - startedAt) / 1000,
    items,
  };
}
