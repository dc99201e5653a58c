import { migration } from '#migration/index.ts';
import type { KeyAttribute } from '../../../functions/shared/items/item-key.ts';
import { shorten } from '../../../functions/shared/text.ts';
import type { WireItem, WireValue } from '../../../functions/shared/items/wire-item.ts';
import { InputFileError, READABLE } from './input-file-error.ts';
import type { JsonPiece } from './json-pieces.ts';
import { SOURCE_KEY } from './source-key.ts';

/** The text that a number was parsed from comes as a third argument (ES2026), which TypeScript's library lacks. */
type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;
type ParseWithSource = (text: string, reviver: Reviver) => unknown;
type Members = Readonly<Record<string, unknown>>;

/** How a key attribute is written, by its type. */
const WRITTEN_AS = {
  S: { what: 'a text', plain: '"..."', typed: '{"S": "..."}' },
  N: { what: 'a number', plain: '1', typed: '{"N": "1"}' },
  B: { what: 'binary', plain: undefined, typed: '{"B": "<base64>"}' },
} as const;
const ATTRIBUTE_TYPES = new Set(['S', 'N', 'B', 'BOOL', 'NULL', 'M', 'L', 'SS', 'NS', 'BS']);
/** A scan's output and that of its like; the key of the next page says that there is more. */
const SCAN_MEMBERS = new Set([
  'Items',
  'Count',
  'ScannedCount',
  'ConsumedCapacity',
  'LastEvaluatedKey',
  'NextToken',
  'ResponseMetadata',
]);

/** What an object of a file gives. */
export interface PieceItems {
  readonly items: readonly WireItem[];
  /** Of a scan's output: whether more pages follow; `undefined` where it is none. */
  readonly isCutOff?: boolean;
}

/**
 * The items of one object: a product as plain JSON or as DynamoDB JSON, bare or in `{"Item": ...}`, or a scan's output.
 * Which JSON it is, its key attribute tells. Numbers keep every digit they were written with.
 *
 * @throws InputFileError naming the place and what is wrong there
 */
export function itemsOfPiece({ text, where, isRest }: JsonPiece): PieceItems {
  const value = parse(text, where);
  if (isRest || isScan(value)) return { items: scanned(value, text, where), isCutOff: isCutOff(value) };
  const isLine = isObject(value['Item']) && Object.keys(value).length === 1;
  const product = isLine ? (value['Item'] as Members) : value;
  if (isTyped(product, where)) return { items: [product] };
  const plain = plainToWire(text);
  return { items: [isLine ? membersOf(plain['Item']) : plain] };
}

function parse(text: string, where: string): Members {
  try {
    const value = JSON.parse(text) as Members;
    if (!text.includes('\\u') || !/(?<!\\)(?:\\\\)*\\ud[89a-f]/.test(JSON.stringify(value))) return value;
  } catch (error) {
    throw notJson(error as Error, text, where);
  }
  throw new InputFileError(
    `${where}: a text holds half a character (\\ud800 to \\udfff alone), which DynamoDB does not take. Correct it, then start again.`,
  );
}

function notJson({ message }: Error, text: string, where: string): InputFileError {
  const place = where.replace(
    /, line (?<line>\d+)/,
    (_, line: string) => `, line ${Number(line) + faultyLine(text)}`,
  );
  const [reason = ''] = message.split(/ in JSON at | at position |, "|, \.\.\."| \(line /);
  return new InputFileError(`${place}: not JSON (${reason}). Correct it, then start again.`);
}

/** How many lines of a text can be the beginning of JSON: V8 does not always say where it failed. */
function faultyLine(text: string): number {
  const ends = [...text.matchAll(/\n|$/g)].map(({ index }) => index);
  let [good, bad] = [0, ends.length - 1];
  while (good < bad) {
    const middle = Math.floor((good + bad) / 2);
    if (isBeginning(text.slice(0, ends[middle]))) good = middle + 1;
    else bad = middle;
  }
  return good;
}

/** Whether nothing is wrong with a text but that it ends. */
function isBeginning(text: string): boolean {
  try {
    JSON.parse(text);
  } catch (error) {
    const { message } = error as Error;
    const at = /at position (?<at>\d+)/.exec(message)?.groups?.['at'];
    return message.includes('end of JSON input') || Number(at ?? -1) >= text.length;
  }
  return true;
}

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `{"Count": 2, "Items": [...]}`, where the items do not come first. */
const isScan = (value: Members): boolean =>
  Array.isArray(value['Items']) &&
  typeof value['Count'] === 'number' &&
  SOURCE_KEY.every(({ name }) => !Object.hasOwn(value, name));

function scanned(value: Members, text: string, where: string): readonly WireItem[] {
  const other = Object.keys(value).find((name) => !SCAN_MEMBERS.has(name));
  if (other !== undefined)
    throw new InputFileError(
      `${where}: begins with "Items" as the output of aws dynamodb scan does, but has "${other}", which is none of it. ${READABLE}`,
    );
  const items = value['Items'] as readonly unknown[];
  const wires = items.length === 0 ? [] : listOf(plainToWire(text)['Items']);
  return items.map((item, index) => {
    const place = `${where}, element ${index + 1}`;
    if (!isObject(item)) throw new InputFileError(`${place}: not an object. Take it out, then start again.`);
    return isTyped(item, place) ? item : membersOf(wires[index]);
  });
}

function isCutOff({ LastEvaluatedKey, NextToken }: Members): boolean {
  return (LastEvaluatedKey ?? NextToken ?? null) !== null;
}

/** @throws InputFileError where the key is none, or attributes of both kinds of JSON are mixed */
function isTyped(product: Members, where: string): product is WireItem {
  const [first] = SOURCE_KEY.map((part) => {
    const isPlain = isPlainKey(product[part.name], part);
    if (!isPlain && !isTypedKey(product[part.name], part)) throw noKey(product[part.name], part, where);
    return isPlain;
  });
  if (first === true) return false;
  const other = Object.entries(product).find(([, value]) => !isAttribute(value))?.[0];
  if (other === undefined) return true;
  const [{ name, type } = { name: '', type: 'S' }] = SOURCE_KEY;
  throw new InputFileError(
    `${where}: "${name}" is DynamoDB JSON ({"${type}": ...}), but "${other}" is not: write it as {"S": ...}, {"N": "..."} or whatever it is, or the whole ${migration.nouns.item} as plain JSON.`,
  );
}

function isPlainKey(value: unknown, { type }: KeyAttribute): boolean {
  return type === 'S' ? typeof value === 'string' : type === 'N' && typeof value === 'number';
}

function isTypedKey(value: unknown, { type }: KeyAttribute): boolean {
  return isAttribute(value) && Object.hasOwn(value, type);
}

function isAttribute(value: unknown): value is Members {
  if (!isObject(value)) return false;
  const [type = '', ...more] = Object.keys(value);
  return more.length === 0 && ATTRIBUTE_TYPES.has(type);
}

function noKey(key: unknown, { name, type }: KeyAttribute, where: string): InputFileError {
  const found =
    key === undefined ? `has no "${name}"` : `has the "${name}" ${shorten(JSON.stringify(key), 60)}`;
  const { what, plain, typed } = WRITTEN_AS[type];
  const forms = [
    ...(plain === undefined ? [] : [`"${name}": ${plain} in plain JSON`]),
    `"${name}": ${typed} in DynamoDB JSON`,
  ];
  return new InputFileError(
    `${where}: an item ${found}, and the table's key is "${name}", ${what}: ${forms.join(', ')}. Correct it, then start again.`,
  );
}

/** `JSON.parse` goes from the leaves to the root, so that what it meets inside is converted already. */
function plainToWire(text: string): WireItem {
  const value = (JSON.parse as ParseWithSource)(text, (_key, value, { source }) => toWire(value, source));
  return membersOf(value as WireValue);
}

function toWire(value: unknown, source: string | undefined): WireValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: source ?? String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (value === null) return { NULL: true };
  return Array.isArray(value) ? { L: value as WireValue[] } : { M: value as WireItem };
}

const membersOf = (value: WireValue | undefined): WireItem =>
  value !== undefined && 'M' in value ? value.M : {};
const listOf = (value: WireValue | undefined): readonly WireValue[] =>
  value !== undefined && 'L' in value ? value.L : [];
