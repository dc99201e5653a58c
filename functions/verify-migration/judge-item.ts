import {
  haveSameDigest,
  isAsMigrated,
  isOfRun,
  isSameContent,
  type MadeBy,
} from '../shared/migration/as-written.ts';
import type { FoundItem } from '../shared/copy/verify/compare-by-key.ts';

/** What an expected key holds. */
export type ItemVerdict =
  /** The item as the run wrote it. */
  | 'same'
  /** Anything else, in a table that the run created. */
  | 'different'
  /** Written by the run into an existing table, and changed by somebody since. */
  | 'changedSince'
  /** A foreign item that equals the source. It was left as it was. */
  | 'alreadyPresent'
  /** Written by others, and not what the source says; it was left as it was all the same. */
  | 'presentDifferent';

/** The run that is verified, and its target. */
export interface ComparedTarget {
  readonly runId: string;
  readonly madeBy: MadeBy;
  /** The run created the table, so that nothing but its own items may be there. */
  readonly isCreated: boolean;
}

/** Judges one key. */
export function judgeItem(
  { expected, existing }: FoundItem,
  { runId, madeBy, isCreated }: ComparedTarget,
): ItemVerdict {
  const isOurs = isOfRun(existing, runId);
  if (isOurs && haveSameDigest(existing, expected) && isAsMigrated(existing)) return 'same';
  if (isCreated) return 'different';
  if (isOurs) return 'changedSince';
  return isSameContent(existing, expected, madeBy) ? 'alreadyPresent' : 'presentDifferent';
}
