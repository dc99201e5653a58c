import { absentCondition } from '../shared/aws/unchanged.ts';
import type { LineWriter } from '../shared/copy/load/load.ts';
import { addTo, type LoadWindow, type PendingLines } from '../shared/copy/load/load-window.ts';
import { cursorBehind } from '../shared/copy/load/read-lines.ts';
import { paidWrite, type WriteScope } from '../shared/copy/load/write-scope.ts';
import { createPipeline } from '../shared/copy/pipeline.ts';
import { isEqual } from '../shared/copy/verify/compare-by-key.ts';
import { itemOfLine } from '../shared/files/read-file.ts';
import { itemSizeBytes } from '../shared/items/item-size.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { isRefusedItem } from '../shared/aws/item-table.ts';

/** Each conditional put carries one item. */
const PUTS_IN_FLIGHT = 64;
const BYTES_PER_WRITE_UNIT = 1024;

export interface MissingItemsScope extends WriteScope {
  readonly window: LoadWindow;
  /** The error for an item that DynamoDB will never accept. */
  readonly refusalOf: (item: WireItem, reason: Error) => Error;
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
    addTo(pending.tally, { items: 1, [await putIfMissing(scope, item)]: 1 });
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

async function putIfMissing(scope: MissingItemsScope, item: WireItem): Promise<Placed> {
  const { items, tableName, key } = scope;
  const units = Math.max(1, Math.ceil(itemSizeBytes(item) / BYTES_PER_WRITE_UNIT));
  const condition = absentCondition(key[0]?.name ?? '');
  try {
    const outcome = await paidWrite(scope, units, () => items.putIf(tableName, item, condition));
    if (outcome.written) return 'written';
    const { existing } = outcome;
    return existing !== undefined && isEqual({ expected: item, existing })
      ? 'alreadyPresent'
      : 'keptDifferent';
  } catch (error) {
    throw isRefusedItem(error) ? scope.refusalOf(item, error) : error;
  }
}
