import { type ReadScope, readItemsByKey } from '../../aws/read-items.ts';
import { canonicalJson } from '../../items/canonical-json.ts';
import { keyIdentity, keyOf, type TableKey } from '../../items/item-key.ts';
import type { WireItem } from '../../items/wire-item.ts';

/** An item that must be there, and what is there under its key; absent: nothing. */
export interface ComparedItem {
  readonly expected: WireItem;
  readonly existing: WireItem | undefined;
}

/** An expected item, and the existing one under its key. */
export interface FoundItem {
  readonly expected: WireItem;
  readonly existing: WireItem;
}

/** Which table is looked into, and how. */
export interface CompareScope extends ReadScope {
  readonly key: TableKey;
}

/** Looks every expected item up by its key, strongly consistent, and returns the pairs in the order given. */
export async function compareByKey(
  { key, ...scope }: CompareScope,
  expected: readonly WireItem[],
): Promise<readonly ComparedItem[]> {
  const found = await readItemsByKey(
    scope,
    expected.map((item) => keyOf(item, key)),
  );
  const existing = new Map(found.map((item) => [keyIdentity(item, key), item]));
  return expected.map((item) => ({ expected: item, existing: existing.get(keyIdentity(item, key)) }));
}

/** Whether the existing item is equal in every attribute. */
export function isEqual({ expected, existing }: FoundItem): boolean {
  return canonicalJson(existing) === canonicalJson(expected);
}
