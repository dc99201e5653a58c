import type { ConditionalOutcome } from '../aws/item-table.ts';
import { canonicalJson } from '../items/canonical-json.ts';
import type { WireItem } from '../items/wire-item.ts';
import { isAsMigrated, withoutDigest } from '../migration/as-written.ts';
import type { Clock, RetryUntil } from '../retry.ts';

/** How a deleted item comes back. Not stopped by a fence: it takes nothing of others away. */
export interface PutBackScope {
  /** Puts the item where nothing is. */
  readonly putIfAbsent: (item: WireItem) => Promise<ConditionalOutcome>;
  /**
   * Puts the item in place of one that another worker has written meanwhile, if that still is as read. Absent: no other
   * worker writes.
   */
  readonly replace?: (existing: WireItem, item: WireItem) => Promise<ConditionalOutcome>;
  /** What exists under the item's key, for an engine that does not return it. Absent: it is not looked for. */
  readonly find?: (item: WireItem) => Promise<WireItem | undefined>;
}

/**
 * What came of a deletion. `gone`: the item was as it was read. `back`: it had more, and exists again. `lost`: it had
 * more, and an item that others have written stands in its place by now.
 */
export type DeletionEnd = 'gone' | 'back' | 'lost';

/** An item as it was read, and as it was when it was deleted. */
export interface Deleted {
  readonly asRead: WireItem;
  /** Absent where the engine does not say. */
  readonly old: WireItem | undefined;
  /** An attempt of the deletion got no answer, so it may be applied once more, and later. */
  readonly isInDoubt: boolean;
}

/** Somebody who writes and deletes the same item all the time is not waited for. */
const MAX_TRIES = 5;

/**
 * A condition cannot detect attributes that were added after an item was read, so a deletion looks at what it has
 * deleted: an item with more than was read is put back, unless others have written something new under its key.
 *
 * @throws what the requests throw; then the item may be gone
 */
export async function putBackIfMore(
  { asRead, old: deleted = asRead, isInDoubt }: Deleted,
  { putIfAbsent, replace, find }: PutBackScope,
): Promise<DeletionEnd> {
  if (isSame(deleted, asRead)) return 'gone';
  // A deletion that is applied once more must not meet its condition. The digest no longer describes the item anyway.
  const old = isInDoubt ? withoutDigest(deleted) : deleted;
  let outcome = await putIfAbsent(old);
  for (let tries = 1; !outcome.written && tries < MAX_TRIES; tries += 1) {
    const existing = outcome.existing ?? (await find?.(old));
    // Where an answer was lost, it is this very item that exists.
    if (existing !== undefined && isSame(existing, old)) return 'back';
    if (replace === undefined || (existing !== undefined && !isAsMigrated(existing))) return 'lost';
    outcome = existing === undefined ? await putIfAbsent(old) : await replace(existing, old);
  }
  return outcome.written ? 'back' : 'lost';
}

/** What has been deleted must come back even where a turn is over: half of the time kept back is for this. */
const PUT_BACK_MILLIS = 5_000;

/** How long putting back may be tried. */
export function putBackUntil(clock: Clock, deadline: number): RetryUntil {
  return { clock, deadline: Math.max(deadline, clock.now()) + PUT_BACK_MILLIS };
}

function isSame(one: WireItem, other: WireItem): boolean {
  return canonicalJson(one) === canonicalJson(other);
}
