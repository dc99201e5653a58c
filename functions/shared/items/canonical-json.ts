import { ItemNotCarriableError } from '../errors.ts';
import { normaliseNumber } from './decimal.ts';
import type { WireItem, WireValue } from './wire-item.ts';

const MAX_QUICK_LENGTH = 64;
// oxlint-disable-next-line no-control-regex -- JSON escapes exactly these, and surrogates only where they stand alone
const NEEDS_ESCAPE = /["\\\u0000-\u001F\uD800-\uDFFF]/;

/**
 * The JSON text that all equal items share, regardless of order, number spelling or base64 padding. Names are sorted by
 * UTF-16 code unit, sets are sorted, numbers and binaries normalised. It is still DynamoDB JSON: sending it stores the
 * same item.
 *
 * @throws ItemNotCarriableError (final) for a value of a type that DynamoDB does not have today, and for one that is not
 *   as its type says.
 */
export function canonicalJson(item: WireItem): string {
  return `{${members(item, Object.keys(item).toSorted())}}`;
}

/** The item as a backup holds it, whatever order and spelling it came in. @throws as {@link canonicalJson} */
export function inOneSpelling(item: WireItem): WireItem {
  return JSON.parse(canonicalJson(item)) as WireItem;
}

/** {@link canonicalJson} of all the item's attributes but one. */
export function canonicalJsonWithout(item: WireItem, name: string): string {
  const names = Object.keys(item).filter((other) => other !== name);
  return `{${members(item, names.toSorted())}}`;
}

/**
 * The canonical JSON of an item in two halves, without braces: the attributes before `name` in the order of names, and
 * those behind it. An attribute of that name is left out. For a value that is made of the rest: it goes between them.
 */
export function canonicalHalves(item: WireItem, name: string): readonly [before: string, behind: string] {
  const names = Object.keys(item).toSorted();
  const from = names.findIndex((other) => other >= name);
  if (from === -1) return [members(item, names), ''];
  const behind = names[from] === name ? from + 1 : from;
  return [members(item, names.slice(0, from)), members(item, names.slice(behind))];
}

function members(item: WireItem, names: readonly string[]): string {
  let json = '';
  for (const name of names) {
    const value = item[name];
    if (value === undefined) continue;
    if (json !== '') json += ',';
    json += `${quoted(name)}:${canonicalValue(value)}`;
  }
  return json;
}

/** {@link canonicalJson} of one value; two values are equal in DynamoDB's sense exactly when these texts are. */
function canonicalValue(value: WireValue): string {
  assertOneType(value);
  if ('S' in value) return `{"S":${quoted(textOf(value.S))}}`;
  if ('N' in value) return `{"N":"${normaliseNumber(textOf(value.N))}"}`;
  if ('M' in value) return `{"M":${canonicalJson(value.M)}}`;
  if ('L' in value) return `{"L":[${value.L.map(canonicalValue).join(',')}]}`;
  if ('BOOL' in value) return `{"BOOL":${flagOf(value.BOOL)}}`;
  if ('NULL' in value) return `{"NULL":${flagOf(value.NULL)}}`;
  if ('SS' in value) return `{"SS":${sortedSet(value.SS.map(textOf))}}`;
  if ('NS' in value) return `{"NS":${sortedSet(value.NS.map((text) => normaliseNumber(textOf(text))))}}`;
  if ('B' in value) return `{"B":"${normaliseBase64(textOf(value.B))}"}`;
  if ('BS' in value) return `{"BS":${sortedSet(value.BS.map((text) => normaliseBase64(textOf(text))))}}`;
  throw unknownType(value);
}

/** A second type would be left out of the text without a word. */
function assertOneType(value: WireValue): void {
  let types = 0;
  for (const _ in value) types += 1;
  if (types !== 1) throw unknownType(value);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw wrongKind(value);
}

function flagOf(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw wrongKind(value);
}

/** Whether two values are equal in DynamoDB's sense: `1.0` and `1`, or one set in two orders. */
export function equalValues(one: WireValue, other: WireValue): boolean {
  return canonicalValue(one) === canonicalValue(other);
}

/** `JSON.stringify` of a string. Short plain strings, which nearly all are, take a cheaper way. */
function quoted(text: string): string {
  return text.length <= MAX_QUICK_LENGTH && !NEEDS_ESCAPE.test(text) ? `"${text}"` : JSON.stringify(text);
}

function sortedSet(members: readonly string[]): string {
  return JSON.stringify(members.toSorted());
}

/** The one base64 text that all spellings of the same bytes share, padded or not. */
export function normaliseBase64(text: string): string {
  return Buffer.from(text, 'base64').toString('base64');
}

function unknownType(value: object): ItemNotCarriableError {
  const types = Object.keys(value).join(', ');
  return new ItemNotCarriableError(
    `An attribute is of the type "${types}", which this version does not know.`,
  );
}

function wrongKind(value: unknown): ItemNotCarriableError {
  return new ItemNotCarriableError(`An attribute holds a ${typeof value} where its type has another kind.`);
}
