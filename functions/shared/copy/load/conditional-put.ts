import { type ConditionalOutcome, isRefusedItem, type ItemTable } from '../../aws/item-table.ts';
import { readItemsByKey } from '../../aws/read-items.ts';
import { absentCondition, changeOf } from '../../aws/unchanged.ts';
import type { UpdateIf } from '../../aws/update-if.ts';
import { TransientError } from '../../errors.ts';
import { keyIdentity, keyOf, keyText } from '../../items/item-key.ts';
import { writeUnitsOf } from '../../items/item-size.ts';
import type { WireItem } from '../../items/wire-item.ts';
import { isThrottle } from '../../retry.ts';
import { noteThrottle, type PaidScope, paidWrite, type WriteScope } from './write-scope.ts';

/** A table that is written item by item, each on a condition. */
export interface ConditionalPutScope extends PaidScope, Pick<WriteScope, 'tableName' | 'key'> {
  readonly items: Pick<ItemTable, 'batchGet' | 'putIf'>;
  /** Told what each look at existing items was charged. */
  readonly onRead: (readUnits: number) => void;
  /** The error for an item that DynamoDB will never take; default: DynamoDB's own. */
  readonly refusalOf?: (item: WireItem, reason: Error) => Error;
}

/**
 * Puts an item where there is none.
 *
 * @returns `written`, or the existing item, which stays
 * @throws TransientError (retried) where the existing item is gone at each look, and another one at each write
 */
export async function putIfAbsent(scope: ConditionalPutScope, item: WireItem): Promise<'written' | WireItem> {
  for (let looks = 0; looks <= MAX_LOOKS; looks += 1) {
    const existing = await putOnce(scope, item);
    if (existing !== undefined) return existing;
  }
  throw new TransientError(
    `Item ${keyText(item, scope.key)} is deleted and written by somebody else all the time; it is tried again.`,
  );
}

/** An item as it is, and as it shall be, under the same key. */
export interface WantedChange {
  readonly from: WireItem;
  readonly to: WireItem;
}

/**
 * Changes an item, if it still is as read.
 *
 * @returns `written`; the existing item, if it is another one by now, or `vanished` if it is gone; `too large` where an
 *   expression cannot name all of the attributes, so that no condition could protect what others do meanwhile
 */
export async function changeIfSame(
  scope: ConditionalPutScope & { readonly updateIf: UpdateIf },
  { from, to }: WantedChange,
): Promise<'written' | 'vanished' | 'too large' | WireItem> {
  const { tableName, key } = scope;
  const names = key.map(({ name }) => name);
  const change = changeOf({ from, to }, names);
  if (change === undefined) return 'too large';
  const update = { tableName, key: keyOf(to, key), change };
  const outcome = await paidPut(scope, to, () => scope.updateIf(update));
  return outcome.written ? 'written' : ((await existingBehind(scope, to, outcome)) ?? 'vanished');
}

/** The item that has refused a conditional write. It is read where an engine does not return it. */
export async function existingBehind(
  scope: ConditionalPutScope,
  item: WireItem,
  { existing }: Pick<Extract<ConditionalOutcome, { written: false }>, 'existing'>,
): Promise<WireItem | undefined> {
  return existing ?? (await lookUp(scope, [item])).get(keyIdentity(item, scope.key));
}

/** The existing items under the keys of these, by `keyIdentity`. Strongly consistent. */
export async function lookUp(
  scope: ConditionalPutScope,
  wanted: readonly WireItem[],
): Promise<ReadonlyMap<string, WireItem>> {
  const { items, tableName, key, onRead } = scope;
  const found = await readItemsByKey(
    {
      items,
      tableName,
      retry: (attempt) => scope.retry(attempt, (error) => noteThrottle(scope, isThrottle(error))),
      onRead,
    },
    wanted.map((item) => keyOf(item, key)),
  );
  return new Map(found.map((item) => [keyIdentity(item, key), item]));
}

/** Somebody who deletes and writes the same item all the time is not waited for. */
const MAX_LOOKS = 5;

/** @returns `undefined` where an existing item has refused the write, and is gone when it is looked at */
async function putOnce(
  scope: ConditionalPutScope,
  item: WireItem,
): Promise<'written' | WireItem | undefined> {
  const condition = absentCondition(scope.key[0]?.name ?? '');
  const outcome = await paidPut(scope, item, () => scope.items.putIf(scope.tableName, item, condition));
  return outcome.written ? 'written' : existingBehind(scope, item, outcome);
}

/** {@link paidWrite} of an item. @throws the scope's own error where DynamoDB will never take it */
async function paidPut(
  scope: ConditionalPutScope,
  item: WireItem,
  attempt: () => Promise<ConditionalOutcome>,
): Promise<ConditionalOutcome> {
  try {
    return await paidWrite(scope, writeUnitsOf(item), attempt);
  } catch (error) {
    throw isRefusedItem(error) ? (scope.refusalOf?.(item, error) ?? error) : error;
  }
}
