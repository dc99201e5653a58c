import type { WireItem, WireValue } from '../../../../functions/shared/items/wire-item.ts';
import { invalid } from '../errors.ts';
import { canonicalNumber, compareNumbers } from './numbers.ts';

/**
 * Values in the one form in which the in-memory DynamoDB keeps them: numbers in canonical spelling, sets sorted,
 * binaries in base64. Equal values have equal forms.
 */

/** DynamoDB's name of a value's type. */
export type ValueType = 'S' | 'N' | 'B' | 'BOOL' | 'NULL' | 'M' | 'L' | 'SS' | 'NS' | 'BS';

const TYPES: ReadonlySet<string> = new Set(['S', 'N', 'B', 'BOOL', 'NULL', 'M', 'L', 'SS', 'NS', 'BS']);
/** An item is the first level. */
const MAX_DEPTH = 32;

/** The value's type. @throws ValidationException */
export function typeOf(value: WireValue): ValueType {
  for (const type of Object.keys(value)) if (TYPES.has(type)) return type as ValueType;
  throw invalid('Supplied AttributeValue is empty, must contain exactly one of the supported datatypes');
}

/** The item in canonical form; the same object where nothing had to change. @throws ValidationException */
export function canonicalItem(item: WireItem, depth = 1): WireItem {
  const names = Object.keys(item);
  const isCanonical = names.every((name) => {
    const value = item[name] as WireValue;
    return canonicalValue(value, depth) === value;
  });
  if (isCanonical) return item;
  return Object.fromEntries(names.map((name) => [name, canonicalValue(item[name] as WireValue, depth)]));
}

/** The value in canonical form; the same object where nothing had to change. @throws ValidationException */
export function canonicalValue(value: WireValue, depth = 1): WireValue {
  if ('S' in value || 'BOOL' in value) return value;
  if ('N' in value) {
    const N = canonicalNumber(value.N);
    return N === value.N ? value : { N };
  }
  if ('B' in value) return typeof value.B === 'string' ? value : { B: base64(value.B) };
  if ('NULL' in value) {
    if (value.NULL) return value;
    throw invalid('Null attribute value types must have the value of true');
  }
  return canonicalContainer(value, depth);
}

function canonicalContainer(value: WireValue, depth: number): WireValue {
  if (depth > MAX_DEPTH) throw invalid('Nesting Levels have exceeded supported limits');
  if ('M' in value) {
    const M = canonicalItem(value.M, depth + 1);
    return M === value.M ? value : { M };
  }
  if ('L' in value) {
    const L = value.L.map((element) => canonicalValue(element, depth + 1));
    return L.every((element, index) => element === value.L[index]) ? value : { L };
  }
  if ('SS' in value) return { SS: canonicalSet(value.SS, compareText) };
  if ('NS' in value) return { NS: canonicalSet(value.NS.map(canonicalNumber), compareNumbers) };
  if ('BS' in value) return { BS: canonicalSet(value.BS.map(base64), compareBinary) };
  throw invalid('Supplied AttributeValue is empty, must contain exactly one of the supported datatypes');
}

function base64(binary: string | Uint8Array): string {
  return typeof binary === 'string' ? binary : Buffer.from(binary).toString('base64');
}

function canonicalSet(
  members: readonly string[],
  compare: (one: string, other: string) => number,
): readonly string[] {
  if (members.length === 0) throw invalid('An number set or string set may not be empty');
  const sorted = members.toSorted(compare);
  if (sorted.some((member, index) => index > 0 && member === sorted[index - 1]))
    throw invalid('Input collection contains duplicates');
  return sorted;
}

/** Whether two canonical values are equal, type included. */
export function equalValues(one: WireValue, other: WireValue): boolean {
  if (one === other) return true;
  if ('S' in one) return 'S' in other && one.S === other.S;
  if ('N' in one) return 'N' in other && one.N === other.N;
  if ('B' in one) return 'B' in other && one.B === other.B;
  if ('BOOL' in one) return 'BOOL' in other && one.BOOL === other.BOOL;
  if ('NULL' in one) return 'NULL' in other;
  if ('M' in one) return 'M' in other && equalItems(one.M, other.M);
  if ('L' in one) return 'L' in other && equalLists(one.L, other.L);
  if ('SS' in one) return 'SS' in other && equalTexts(one.SS, other.SS);
  if ('NS' in one) return 'NS' in other && equalTexts(one.NS, other.NS);
  return 'BS' in other && equalTexts(one.BS, other.BS);
}

/** Whether two canonical items have the same attributes. */
export function equalItems(one: WireItem, other: WireItem): boolean {
  if (one === other) return true;
  const names = Object.keys(one);
  if (names.length !== Object.keys(other).length) return false;
  return names.every(
    (name) => Object.hasOwn(other, name) && equalValues(one[name] as WireValue, other[name] as WireValue),
  );
}

function equalLists(one: readonly WireValue[], other: readonly WireValue[]): boolean {
  return (
    one.length === other.length &&
    one.every((element, index) => equalValues(element, other[index] as WireValue))
  );
}

function equalTexts(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((member, index) => member === other[index]);
}

/** Order of two values of one type; `undefined` where they have no order: other types, or types without one. */
export function compareValues(one: WireValue, other: WireValue): number | undefined {
  if ('S' in one && 'S' in other) return compareText(one.S, other.S);
  if ('N' in one && 'N' in other) return compareNumbers(one.N, other.N);
  if ('B' in one && 'B' in other) return compareBinary(one.B, other.B);
  return undefined;
}

const FIRST_SURROGATE = 0xd8_00;
const AFTER_SURROGATES = 0xe0_00;

/** By the bytes of UTF-8, which is the order of code points. JavaScript's order is that of UTF-16 units. */
export function compareText(one: string, other: string): number {
  if (one === other) return 0;
  const length = Math.min(one.length, other.length);
  let index = 0;
  while (index < length && one.charCodeAt(index) === other.charCodeAt(index)) index += 1;
  if (index === length) return one.length - other.length;
  return codeOrder(one.charCodeAt(index)) - codeOrder(other.charCodeAt(index));
}

/** Surrogates belong to code points above all others. */
function codeOrder(unit: number): number {
  if (unit < FIRST_SURROGATE) return unit;
  return unit < AFTER_SURROGATES ? unit + 0x1_00_00 : unit;
}

function compareBinary(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one, 'base64'), Buffer.from(other, 'base64'));
}
