import { haveSameDigest, isAsMigrated, isOfRun, isSameContent } from '../shared/transform/as-written.ts';
import type { WireItem } from '../shared/wire/wire-item.ts';

/** What to do about an item that stands where one shall be written. */
export type StandingDecision =
  /** This run wrote it: an answer was lost, or a turn is taken again. */
  | 'ours'
  /** This run wrote it with other code, and nobody has changed it since. */
  | 'refresh'
  /** It was there before, and stays. */
  | 'present'
  /** It was there before, as an earlier migration wrote it, the source has changed since, and it stays all the same. */
  | 'outdated'
  /** It was there before, as a migration wrote it, and the source has changed since. */
  | 'replace'
  /** It was there before, and the shop has changed it. */
  | 'changed';

export interface StandingFacts {
  readonly standing: WireItem;
  readonly fresh: WireItem;
  readonly runId: string;
  /** ISO 8601: what the run puts where the source has no time. */
  readonly runStartedAt: string;
  readonly onExisting: 'keep' | 'replace';
}

/** Decides by what stands there alone; a write that follows repeats it all as its condition. */
export function decideStanding({
  standing,
  fresh,
  runId,
  runStartedAt,
  onExisting,
}: StandingFacts): StandingDecision {
  if (isOfRun(standing, runId))
    return haveSameDigest(standing, fresh) || !isAsMigrated(standing) ? 'ours' : 'refresh';
  const isMigrated = isAsMigrated(standing);
  if (onExisting === 'keep')
    return isMigrated && !isSameContent(standing, fresh, runStartedAt) ? 'outdated' : 'present';
  if (isSameContent(standing, fresh, runStartedAt)) return 'present';
  return isMigrated ? 'replace' : 'changed';
}
