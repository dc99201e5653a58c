import { MAX_SAMPLES } from '../shared/ledger/shard.ts';
import { FOREIGN_REASON, GONE_REASONS } from '../shared/runs/count-shards.ts';
import { counted, someOf } from '../shared/counted.ts';
import type { WireItem } from '../shared/items/wire-item.ts';

/** Why an item that the run wrote or removed is not as it was before the run. */
export const LEFT_REASONS = [
  'changed',
  'unproven',
  'noUndo',
  'unrestored',
  FOREIGN_REASON,
  ...GONE_REASONS,
] as const;
export type LeftReason = (typeof LEFT_REASONS)[number];

/** Whether an item of the run stays. */
export const isInPlace = (reason: LeftReason): boolean =>
  reason !== FOREIGN_REASON && !GONE_REASONS.some((gone) => gone === reason);

/** Items of one reason. */
export interface LeftItems {
  readonly count: number;
  /** At most {@link MAX_SAMPLES}. */
  readonly keys: readonly string[];
}

export type Left = Readonly<Partial<Record<LeftReason, LeftItems>>>;

/** What a tally has counted. */
export interface Taken {
  readonly deleted: number;
  readonly restored: number;
  readonly left: Left;
  readonly unsure: readonly WireItem[];
}

/** What was done since the tally was last taken. */
export class Tally {
  deleted = 0;
  restored = 0;
  /** Keys of deleted items of which nobody knows whether they come back. */
  readonly unsure: WireItem[] = [];
  private readonly left: Partial<Record<LeftReason, { count: number; keys: string[] }>> = {};

  /** @param key the text by which an operator can look the item up */
  leave(reason: LeftReason, key: string): void {
    const entry = (this.left[reason] ??= { count: 0, keys: [] });
    entry.count += 1;
    if (entry.keys.length < MAX_SAMPLES) entry.keys.push(key);
  }

  taken(): Taken {
    return { deleted: this.deleted, restored: this.restored, left: this.left, unsure: this.unsure };
  }
}

/** Adds two tallies. */
export function addLeft(one: Left, other: Left): Left {
  const entries = LEFT_REASONS.flatMap((reason) => {
    const both = [one[reason], other[reason]].flatMap((items) => items ?? []);
    const count = both.reduce((sum, items) => sum + items.count, 0);
    const keys = both.flatMap((items) => items.keys).slice(0, MAX_SAMPLES);
    return count === 0 ? [] : [[reason, { count, keys }] as const];
  });
  return Object.fromEntries(entries);
}

const named = ({ count: total, keys }: LeftItems): string => someOf(keys, { total });

type Wording = (count: string, runId: string) => string;

const WORDINGS: Readonly<Record<LeftReason, Wording>> = {
  changed: (items) => `${items} that somebody has changed since`,
  unproven: (items, runId) =>
    `${items} marked as those of run ${runId}, of which nothing shows whether it has written them or a run of that name that this ledger does not know`,
  foreign: (items, runId) =>
    `${items} marked as those of run ${runId} were left alone, because by the ledger it had not written any yet: a run of that name that this ledger does not know may have`,
  noUndo: (items, runId) =>
    `${items} in place of older ones, whose copies below runs/${runId}/undo/ are missing or damaged`,
  unrestored: (items, runId) => `${items} in place of older ones, whose copies are below runs/${runId}/undo/`,
  refused: (items, runId) =>
    `${items} that the run had removed and that DynamoDB refuses to take back, whose copies are below runs/${runId}/undo/`,
  lost: (items) =>
    `${items} that somebody changed while they were being deleted, and that could not be put back`,
};

/**
 * `2 items that somebody has changed since (PRODUCT#1 / METADATA, ...)`; one clause for each reason that occurs, or
 * `undefined`.
 */
export function leftText(runId: string, left: Left, reasons = LEFT_REASONS as readonly LeftReason[]) {
  const parts = reasons.flatMap((reason) => {
    const items = left[reason];
    if (items === undefined) return [];
    return [`${WORDINGS[reason](counted(items.count, 'item'), runId)} (${named(items)})`];
  });
  return parts.length === 0 ? undefined : parts.join('; ');
}

/** Reasons that make a roll back incomplete. They are failures, not decisions of the shop. */
export const FAILED_REASONS: readonly LeftReason[] = ['unproven', 'noUndo', 'unrestored', ...GONE_REASONS];
