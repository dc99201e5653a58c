import { readItemsByKey } from '../shared/aws/read-items.ts';
import { keyIdentity } from '../shared/items/item-key.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { isNamed } from '../shared/errors.ts';
import { isThrottle } from '../shared/retry.ts';
import { missingTableError } from '../shared/tables/target-conflicts.ts';
import type { ScannedTable } from './compare-segment.ts';
import type { OpenCompare } from './open-compare.ts';

/** Items by the identity of their key. */
export type ItemsByKey = ReadonlyMap<string, WireItem>;

/** As many keys as one request carries. */
const KEYS_TOGETHER = 100;

/**
 * Reads items by key, strongly consistent, inside the worker's share of the table's cap.
 *
 * @throws TableUnavailableError (not retried) where the table is gone
 */
export async function readByKey(
  { runtime, turn, tally: { counters }, laneOf }: OpenCompare,
  { name, key }: ScannedTable,
  keys: readonly WireItem[],
): Promise<ItemsByKey> {
  const { pace } = laneOf(name);
  const onRetry = (error: unknown): void => {
    if (isThrottle(error)) counters.throttles += 1;
  };
  const scope = {
    items: runtime.items,
    tableName: name,
    retry: <T>(attempt: () => Promise<T>): Promise<T> => turn.retry(attempt, onRetry),
    onRead: (readUnits: number) => {
      counters.readUnits += readUnits;
      pace.charge({ readUnits, items: 0 });
    },
  };
  const nameTable = (error: unknown): never => {
    throw isNamed(error, 'ResourceNotFoundException') ? missingTableError(name) : error;
  };
  const found: WireItem[] = [];
  for (let start = 0; start < keys.length; start += KEYS_TOGETHER) {
    await pace.wait();
    found.push(...(await readItemsByKey(scope, keys.slice(start, start + KEYS_TOGETHER)).catch(nameTable)));
  }
  return new Map(found.map((item) => [keyIdentity(item, key), item]));
}
