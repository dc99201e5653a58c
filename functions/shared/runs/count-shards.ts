import type { BulkFacts } from './equations.ts';
import { type Shard, type ShardState, SHARD_STATES, type Shards } from '../ledger/shard.ts';

export type { Shards } from '../ledger/shard.ts';

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

/** Reasons why an item is not as before that say that it is gone. It does not stay. */
export const GONE_REASONS = ['refused', 'lost'] as const;
/** Of an item that only looks like one of the run. */
export const FOREIGN_REASON = 'foreign';

const isNoneThatStays = (reason: string): boolean =>
  [...GONE_REASONS, FOREIGN_REASON].some((one) => one === reason);

/** By the checkpoints of the state RollBack. */
export function rolledBackItems(walks: readonly Shard[]): RolledBackItems {
  const sum = (name: string): number =>
    walks.reduce((total, { counters }) => total + (counters[name] ?? 0), 0);
  const [deleted, restored] = [sum('deleted'), sum('restored')];
  return {
    deleted,
    restored,
    kept: Math.max(0, sum('items') - deleted - restored),
    keptKeys: walks.flatMap(({ samples = {} }) =>
      Object.entries(samples).flatMap(([reason, keys]) => (isNoneThatStays(reason) ? [] : keys)),
    ),
    isThrough: walks.length > 0 && walks.every(({ done }) => done),
  };
}

/** One counter over all shards of a state. */
export function countOver(shards: Shards, state: ShardState, counter: string): number {
  return (shards.get(state) ?? []).reduce((sum, shard) => sum + (shard.counters[counter] ?? 0), 0);
}

/** One counter over the shards that have filled a migration's tables: those of its workers, or of bulk put. */
export function countMigrated(shards: Shards, counter: string): number {
  return countOver(shards, 'MigrateProducts', counter) + countOver(shards, 'BulkLoad', counter);
}

/** What the operations of a run's bulk put have counted, against the items of their files. */
export function bulkFactsOf(shards: Shards, expected: number): BulkFacts {
  const count = (counter: string): number => countOver(shards, 'BulkLoad', counter);
  return { expected, processed: count('processed'), failed: count('failed') };
}

/** The same as {@link countMigrated} of a restore. */
export function countRestored(shards: Shards, counter: string): number {
  return countOver(shards, 'RestoreProducts', counter) + countOver(shards, 'BulkLoad', counter);
}

/** One counter over all shards of all states. */
export function countOverAll(shards: Shards, counter: string): number {
  return SHARD_STATES.reduce((sum, state) => sum + countOver(shards, state, counter), 0);
}
