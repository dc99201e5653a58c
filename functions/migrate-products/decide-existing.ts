import { isAsMigrated, isOfRun, isSameContent, type MadeBy } from '../shared/migration/as-written.ts';
import type { WireItem } from '../shared/items/wire-item.ts';

/** What to do about an item that stands where one shall be written. */
export type ExistingDecision =
  /** This run wrote it: an answer was lost, or a turn is taken again. */
  | 'ours'
  /** It was there before, and stays. */
  | 'present'
  /** It was there before, as an earlier migration wrote it, the source has changed since, and it stays all the same. */
  | 'outdated'
  /** It was there before, as a migration wrote it, and the source has changed since. */
  | 'replace'
  /** It was there before, and the shop has changed it. */
  | 'changed';

export interface ExistingFacts {
  readonly existing: WireItem;
  readonly fresh: WireItem;
  readonly runId: string;
  readonly madeBy: MadeBy;
  readonly onExisting: 'keep' | 'replace';
}

/** Decides by what stands there alone; a write that follows repeats it all as its condition. */
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
