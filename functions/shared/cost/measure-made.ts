import { isNamed } from '../errors.ts';
import { itemSizeBytes, writeUnitsOf } from '../items/item-size.ts';
import type { WireItem } from '../items/wire-item.ts';
import { indexLoad } from '../migration/index-entries.ts';
import type { TargetItem, TransformResult } from '../migration/migration.ts';
import type { TargetSize } from './run-size.ts';

/**
 * What one source item becomes on average, measured on some of them. `undefined` where they become nothing, or where the
 * migration's own code fails: the run says so when it comes to that item.
 *
 * @param isOver whether to stop at the items that were transformed so far; default: never
 */
export function measureMade(
  items: readonly WireItem[],
  transform: (item: WireItem) => TransformResult,
  isOver: () => boolean = () => false,
): TargetSize | undefined {
  const made: TargetItem[] = [];
  let transformed = 0;
  try {
    for (const item of items) {
      if (isOver()) break;
      const result = transform(item);
      if (result.kind === 'items') made.push(...result.items);
      transformed += 1;
    }
    return made.length === 0 ? undefined : averageOf(made, transformed);
  } catch (error) {
    if (isNamed(error, 'TransformError')) return undefined;
    throw error;
  }
}

function averageOf(made: readonly TargetItem[], sourceItems: number): TargetSize {
  const loads = made.map(({ item, table }) => indexLoad(item, itemSizeBytes(item), table));
  const average = (numbers: readonly number[]): number =>
    numbers.reduce((sum, number) => sum + number, 0) / sourceItems;
  return {
    items: made.length / sourceItems,
    bytes: average(made.map(({ item }) => itemSizeBytes(item))),
    writeUnits: average(made.map(({ item }) => writeUnitsOf(item))),
    indexWriteUnits: average(loads.map(({ writeUnits }) => writeUnits)),
    indexStorageBytes: average(loads.map(({ storageBytes }) => storageBytes)),
  };
}
