import { type Shard, type ShardState, shardStates } from './ledger/shard.ts';

/** Checkpoints of a run by state. */
export type Shards = ReadonlyMap<ShardState, readonly Shard[]>;

/** One counter over all shards of a state. */
export function countOver(shards: Shards, state: ShardState, counter: string): number {
  return (shards.get(state) ?? []).reduce((sum, shard) => sum + (shard.counters[counter] ?? 0), 0);
}

/** One counter over all shards of all states. */
export function countOverAll(shards: Shards, counter: string): number {
  return shardStates.reduce((sum, state) => sum + countOver(shards, state, counter), 0);
}
