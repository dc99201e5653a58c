import { isStorableNumber } from './decimal.ts';
import type { KeyType } from './item-key.ts';
import { MAX_PARTITION_KEY_BYTES, MAX_SORT_KEY_BYTES } from './item-size.ts';
import type { WireValue } from './wire-item.ts';

/**
 * How long the value is as a key attribute of this type, of a table or an index. 0: DynamoDB takes no such key, because
 * the value is missing, empty, of another type or no number of DynamoDB's.
 */
export function keyBytes(value: WireValue | undefined, type: KeyType): number {
  const text = textOf(value, type);
  if (text === undefined) return 0;
  if (type === 'N') return isStorableNumber(text) ? 1 : 0;
  return type === 'S' ? Buffer.byteLength(text) : Buffer.from(text, 'base64').length;
}

/** The longest value of a key's attribute: the partition key is the first. */
export function maxKeyBytes(index: number): number {
  return index === 0 ? MAX_PARTITION_KEY_BYTES : MAX_SORT_KEY_BYTES;
}

/**
 * Whether DynamoDB writes an item with this value where an index has the attribute in its key. An item may lack it, and
 * the index then does not hold the item.
 *
 * @param at of the attribute in the index's key: the partition key is the first
 */
export function fitsIndex(value: WireValue | undefined, type: KeyType, at: number): boolean {
  if (value === undefined) return true;
  const bytes = keyBytes(value, type);
  return bytes > 0 && bytes <= maxKeyBytes(at);
}

/** A value that a migration has made may be anything. */
function textOf(value: unknown, type: KeyType): string | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, type)) return undefined;
  const text: unknown = (value as Readonly<Record<string, unknown>>)[type];
  return typeof text === 'string' ? text : undefined;
}
