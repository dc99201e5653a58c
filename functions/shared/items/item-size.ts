import { parseDecimal } from './decimal.ts';
import type { WireItem, WireValue } from './wire-item.ts';

/**
 * The largest item DynamoDB stores, in bytes of {@link itemSizeBytes}.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html#limits-items
 */
export const MAX_ITEM_BYTES = 400 * 1024;

/** The longest partition key, in bytes of UTF-8. */
export const MAX_PARTITION_KEY_BYTES = 2048;

/** The longest sort key, in bytes of UTF-8. */
export const MAX_SORT_KEY_BYTES = 1024;

/**
 * Writing an item costs a unit for each of these bytes, begun ones included.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export const BYTES_PER_WRITE_UNIT = 1024;

/** DynamoDB bills this much storage in addition to every item, and to every entry of an index. */
export const OVERHEAD_BYTES_PER_ITEM = 100;

/** What writing the item costs where it has no indexes. */
export const writeUnitsOf = (item: WireItem): number => Math.ceil(itemSizeBytes(item) / BYTES_PER_WRITE_UNIT);

/**
 * What a conditional write costs that is refused: as much as a write of the larger of both items, the existing and the
 * new one. DynamoDB's refusal does not say it.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
 */
export function refusedWriteUnits(...items: readonly (WireItem | undefined)[]): number {
  return Math.max(1, ...items.map((item) => (item === undefined ? 0 : writeUnitsOf(item))));
}

/** A list or a map costs this many bytes ... */
const CONTAINER_BYTES = 3;
/** ... and this many more for each element. */
const ELEMENT_BYTES = 1;

/**
 * The item's size in bytes by DynamoDB's own rule: attribute names and strings in UTF-8, binaries
 * raw, booleans and nulls one byte, lists and maps three bytes and one an element, sets the sum of
 * their members. AWS documents a number's size as approximate; see {@link numberSizeBytes}.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function itemSizeBytes(item: WireItem): number {
  let bytes = 0;
  for (const name of Object.keys(item)) {
    const value = item[name];
    if (value !== undefined) bytes += Buffer.byteLength(name) + valueSizeBytes(value);
  }
  return bytes;
}

function valueSizeBytes(value: WireValue): number {
  if ('S' in value) return Buffer.byteLength(value.S);
  if ('N' in value) return numberSizeBytes(value.N);
  if ('B' in value) return binarySizeBytes(value.B);
  if ('M' in value) {
    return CONTAINER_BYTES + Object.keys(value.M).length * ELEMENT_BYTES + itemSizeBytes(value.M);
  }
  if ('L' in value)
    return CONTAINER_BYTES + total(value.L, (element) => ELEMENT_BYTES + valueSizeBytes(element));
  if ('SS' in value) return total(value.SS, (member) => Buffer.byteLength(member));
  if ('NS' in value) return total(value.NS, numberSizeBytes);
  if ('BS' in value) return total(value.BS, binarySizeBytes);
  return 1;
}

/**
 * One byte, one for every two significant digits (in pairs counted from the decimal point, so that
 * `165` and `16.5` take two), and one for a minus sign. Zero takes one byte.
 */
function numberSizeBytes(text: string): number {
  const { negative, digits, exponent } = PLAIN_INTEGER.test(text) ? integerSize(text) : decimalSize(text);
  if (digits === 0) return 1;
  const half = exponent % 2 === 0 ? 0 : 1;
  return 1 + Math.ceil((digits + half) / 2) + (negative ? 1 : 0);
}

/** What of a number its size depends on: the sign, how many significant digits, and their place. */
interface NumberSize {
  readonly negative: boolean;
  readonly digits: number;
  readonly exponent: number;
}

/** Most numbers, which are measured without taking them apart. */
const PLAIN_INTEGER = /^-?[1-9]\d*$/;

function integerSize(text: string): NumberSize {
  const negative = text.startsWith('-');
  let end = text.length;
  while (text.endsWith('0', end)) end -= 1;
  return { negative, digits: negative ? end - 1 : end, exponent: text.length - end };
}

function decimalSize(text: string): NumberSize {
  const { negative, digits, exponent } = parseDecimal(text) ?? { negative: false, digits: '0', exponent: 0 };
  return { negative, digits: digits === '0' ? 0 : digits.length, exponent };
}

function binarySizeBytes(base64: string): number {
  return Buffer.byteLength(base64, 'base64');
}

function total<T>(values: readonly T[], sizeOf: (value: T) => number): number {
  return values.reduce((bytes, value) => bytes + sizeOf(value), 0);
}
