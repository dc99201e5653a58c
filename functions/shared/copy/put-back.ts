import type { ConditionalOutcome } from '../aws/item-table.ts';
import { canonicalJson } from '../items/canonical-json.ts';
import type { WireItem } from '../items/wire-item.ts';
import type { Clock, RetryUntil } from '../retry.ts';

/** How a deleted item comes back. */
export interface PutBackScope {
  /** Puts the item where nothing is. Not stopped by a fence: it takes nothing away and never overwrites. */
  readonly putIfAbsent: (item: WireItem) => Promise<ConditionalOutcome>;
  /** What stands under the item's key, for an engine that does not return it. Absent: it is not looked for. */
  readonly find?: (item: WireItem) => Promise<WireItem | undefined>;
}

/**
 * What came of a deletion. `gone`: the item was as it was read. `back`: it had more, and exists again. `lost`: it had
 * more, and something else stands in its place by now.
 */
export type DeletionEnd = 'gone' | 'back' | 'lost';

/** An item as it was read, and as it was when it was deleted. */
export interface Deleted {
  readonly asRead: WireItem;
  /** Absent where the engine does not say. */
  readonly old: WireItem | undefined;
}

/**
 * A condition cannot detect attributes that were added after an item was read, so a deletion looks at what it has
 * deleted: an item with more than was read is put back, unless something new stands there.
 *
 * @throws what `putIfAbsent` throws; then the item may be gone
 */
export async function putBackIfMore(
  { asRead, old = asRead }: Deleted,
  { putIfAbsent, find }: PutBackScope,
): Promise<DeletionEnd> {
  if (isSame(old, asRead)) return 'gone';
  const outcome = await putIfAbsent(old);
  if (outcome.written) return 'back';
  // Where an answer was lost, it is this very item that stands there.
  const existing = outcome.existing ?? (await find?.(old));
  return existing !== undefined && isSame(existing, old) ? 'back' : 'lost';
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
