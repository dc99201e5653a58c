import type { Shard } from '../ledger/shard.ts';

/** A checkpoint as the call knows it that writes it. */
export type Checkpoint<Cursor> = Omit<
  Shard<Cursor>,
  'state' | 'shard' | 'basis' | 'version' | 'writer' | 'claim' | 'quietAt' | 'isWriting'
>;

/** What a checkpoint says; absolute numbers. */
export type Progress<Cursor> = Omit<Checkpoint<Cursor>, 'turns' | 'startedAt' | 'updatedAt' | 'marks'>;

/** When a checkpoint is written (epoch milliseconds), and by which turn. */
export interface CheckpointTime {
  readonly now: number;
  /** Of the first checkpoint: when the work on the shard began. */
  readonly beganAt: number;
  readonly turns: number;
}

/** The checkpoint behind an earlier one; the start of the work and the items over time go on. */
export function checkpointBehind<Cursor>(
  last: Checkpoint<Cursor> | undefined,
  progress: Progress<Cursor>,
  { now, beganAt, turns }: CheckpointTime,
): Checkpoint<Cursor> {
  const marks = [...(last?.marks ?? []), [now, progress.counters['items'] ?? 0] as const];
  return { ...progress, startedAt: last?.startedAt ?? beganAt, updatedAt: now, marks, turns };
}

/** Nothing is done. */
export const NOTHING_DONE: Progress<never> = { done: false, counters: {}, digests: {} };

const CHARGES = ['readUnits', 'writeUnits', 'throttles'] as const;

/** Where work begins that starts over: nothing is done, but what DynamoDB has charged for the shard stays counted. */
export function startedOver({ counters = {} }: Partial<Pick<Shard, 'counters'>> = {}): Progress<never> {
  const charged = CHARGES.flatMap((name) => {
    const { [name]: count } = counters;
    return count === undefined ? [] : [[name, count] as const];
  });
  return { ...NOTHING_DONE, counters: Object.fromEntries(charged) };
}

/** A shard whose checkpoint rests on this; one on another basis counts for nothing, and the work starts over. */
export function shardOn<Cursor>(
  shard: Shard<Cursor> | undefined,
  basis: string | undefined,
): Shard<Cursor> | undefined {
  return shard?.basis === basis ? shard : undefined;
}
