import type { RunStatus } from '../ledger/run.ts';

/** What is in place after the run; zero everywhere when nothing is. */
export interface MigratedCounts {
  /** Products whose items are all in place; 0 after a roll back, which counts items only. */
  readonly products: number;
  /** Of all kinds together. */
  readonly items: number;
  /** By table and kind. Absent where nothing is in place. */
  readonly byTarget?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Older name: one for each source item that is in place. */
  readonly metadata: number;
  /** Older name: all other items. */
  readonly variants: number;
  /** Those of `items` that existed before the run. */
  readonly alreadyPresent: number;
  /** Products that could not be transformed. They are in the backup and in the quarantine files. */
  readonly quarantined: number;
  /** Items of an earlier migration that `onExisting: replace` brought up to date. */
  readonly replaced?: number;
  /** Items that `replace` left alone, because they are not as a migration wrote them. */
  readonly keptChanged?: number;
  /** Items that `replace` left alone, because they have more attributes than a condition can name. */
  readonly keptTooLarge?: number;
  /** Items of earlier migrations that `replace` removed, because their product no longer has them. */
  readonly staleRemoved?: number;
}

/** Nothing is in place: a dry run, or a run that was rolled back. */
export const NOTHING_MIGRATED: MigratedCounts = {
  products: 0,
  items: 0,
  metadata: 0,
  variants: 0,
  alreadyPresent: 0,
  quarantined: 0,
};

/** What all roll backs of the run together have done in the tables that existed before. */
export interface RolledBack {
  /** Status before the roll back: RUNNING if the run failed. */
  readonly from: RunStatus;
  /** Whether an operator asked for it. */
  readonly onRequest?: boolean;
  /** Items that the run had added and that were deleted. */
  readonly deleted: number;
  /** Items that the run had replaced or removed and that are as before again. */
  readonly restored: number;
  /** Items that the run wrote and that stay, because they were changed since or are too large for a condition. */
  readonly kept: number;
  /** Keys of the first of them. */
  readonly keptKeys: readonly string[];
  /** Whether the roll back has looked at every item of that table. */
  readonly isThrough: boolean;
}

/** What a restore has done. */
export interface RestoredCounts {
  readonly backupId: string;
  readonly targetTable: string;
  /** `NEW`: the run created the table. `EXISTING`: only missing items were put. */
  readonly mode: 'NEW' | 'EXISTING';
  readonly written: number;
  /** Items that existed, equal in every attribute. */
  readonly alreadyPresent: number;
  /** Items of the same key that differ. They stay as they are. */
  readonly keptDifferent: number;
  /** Items that had expired by time to live when the restore began. */
  readonly expired: number;
}
