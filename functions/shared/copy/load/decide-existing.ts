import { isAsMigrated, isOfRun, isSameContent, type MadeBy } from '../../migration/as-written.ts';
import type { WireItem } from '../../items/wire-item.ts';

/** What to do about an item that stands where one shall be written. */
export type ExistingDecision =
  /** This run wrote it: an answer was lost, or a turn is taken again. */
  | 'ours'
  /** An existing item, which stays. */
  | 'present'
  /** An existing item of an earlier migration. The source has changed since, and the item stays all the same. */
  | 'outdated'
  /** An existing item, as a migration wrote it. The source has changed since. */
  | 'replace'
  /** An existing item that the shop has changed. */
  | 'changed';

export interface ExistingFacts {
  readonly existing: WireItem;
  readonly fresh: WireItem;
  readonly runId: string;
  readonly madeBy: MadeBy;
  readonly onExisting: 'keep' | 'replace';
}

/** Decides by the existing item alone. A write that follows repeats all of it as its condition. */
export function decideExisting({
  existing,
  fresh,
  runId,
  madeBy,
  onExisting,
}: ExistingFacts): ExistingDecision {
  if (isOfRun(existing, runId)) return 'ours';
  const isMigrated = isAsMigrated(existing);
  if (onExisting === 'keep')
    return isMigrated && !isSameContent(existing, fresh, madeBy) ? 'outdated' : 'present';
  if (isSameContent(existing, fresh, madeBy)) return 'present';
  return isMigrated ? 'replace' : 'changed';
}
