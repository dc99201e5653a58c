import { type Shard, type ShardState, SHARD_STATES } from '../ledger/shard.ts';

/** Checkpoints of a run by state. */
export type Shards = ReadonlyMap<ShardState, readonly Shard[]>;

/** The shard of a roll back that removes single items. The numbers after it belong to looks into tables. */
const ITEM_WALK = 0;

/** What a roll back has counted in an existing table. */
export interface RolledBackItems {
  readonly deleted: number;
  readonly restored: number;
  /** Items that stay, for whatever reason, and the first of their keys. */
  readonly kept: number;
  readonly keptKeys: readonly string[];
  /** Whether every item of the table was looked at. */
  readonly isThrough: boolean;
}

/** By the checkpoints of the state RollBack. */
export function rolledBackItems(shards: readonly Shard[]): RolledBackItems {
  const walk = shards.find(({ shard }) => shard === ITEM_WALK);
  const { items = 0, deleted = 0, restored = 0 } = walk?.counters ?? {};
  return {
    deleted,
    restored,
    kept: Math.max(0, items - deleted - restored),
    keptKeys: Object.values(walk?.samples ?? {}).flat(),
    isThrough: walk?.done === true,
  };
}

/** One counter over all shards of a state. */
export function countOver(shards: Shards, state: ShardState, counter: string): number {
  return (shards.get(state) ?? []).reduce((sum, shard) => sum + (shard.counters[counter] ?? 0), 0);
}

/** One counter over all shards of all states. */
export function countOverAll(shards: Shards, counter: string): number {
  return SHARD_STATES.reduce((sum, state) => sum + countOver(shards, state, counter), 0);
}
