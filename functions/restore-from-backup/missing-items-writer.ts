import { type ConditionalPutScope, putIfAbsent } from '../shared/copy/load/conditional-put.ts';
import type { LineWriter } from '../shared/copy/load/load.ts';
import { addTo, type LoadWindow, type PendingLines } from '../shared/copy/load/load-window.ts';
import { cursorBehind } from '../shared/copy/load/read-lines.ts';
import { createPipeline } from '../shared/copy/pipeline.ts';
import { isEqual } from '../shared/copy/verify/compare-by-key.ts';
import { itemOfLine } from '../shared/files/read-file.ts';
import type { WireItem } from '../shared/items/wire-item.ts';

/** Each conditional put carries one item. */
const PUTS_IN_FLIGHT = 64;

export interface MissingItemsScope extends ConditionalPutScope {
  readonly window: LoadWindow;
}

/** What happened to a line's item. */
type Placed =
  | 'written'
  /** It already existed, equal in every attribute. */
  | 'alreadyPresent'
  /** An item with the same key already existed. It differs and stays as it is. */
  | 'keptDifferent';

/**
 * Writes only missing items. An existing item stays, whatever it is. Used for every table that others may have written
 * to.
 */
export function createMissingItemsWriter(scope: MissingItemsScope): LineWriter {
  const pipeline = createPipeline(PUTS_IN_FLIGHT);
  const place = async (item: WireItem, pending: PendingLines): Promise<void> => {
    const existing = await putIfAbsent(scope, item);
    const placed = existing === 'written' ? existing : judge(existing, item);
    addTo(pending.tally, { items: 1, [placed]: 1 });
    pending.remaining -= 1;
  };
  return {
    async take(read) {
      const pending = { remaining: read.lines.length, tally: {}, next: cursorBehind(read) };
      scope.window.add(pending);
      for (const line of read.lines) {
        const item = itemOfLine(line, { key: read.file.stem, where: 'A line' });
        await pipeline.start(() => place(item, pending));
      }
      return true;
    },
    drain: () => pipeline.finish(),
    settle: () => pipeline.settle(),
  };
}

/** Equal in every attribute, or another item of the same key. */
function judge(existing: WireItem, expected: WireItem): Placed {
  return isEqual({ expected, existing }) ? 'alreadyPresent' : 'keptDifferent';
}
