import type { WireItem, WireValue } from '../../functions/shared/items/wire-item.ts';
import { onceForEach } from './once-for-each.ts';

/** Plain JavaScript values, as the ledger's client takes and gives them. */
type Plain = Readonly<Record<string, unknown>>;

/** As the document client does it with `removeUndefinedValues`, for what the ledger holds: no binaries, no null. */
export function toWireItem(item: Plain): WireItem {
  const wire: Record<string, WireValue> = {};
  for (const name of Object.keys(item)) {
    const value = item[name];
    if (value !== undefined) wire[plainName(name)] = toWireValue(value);
  }
  return wire;
}

/** @throws Error at the one name that cannot be given to an object in the ordinary way */
function plainName(name: string): string {
  if (name === '__proto__') throw new Error('The ledger of the world knows no attribute __proto__.');
  return name;
}

function toWireValue(value: unknown): WireValue {
  switch (typeof value) {
    case 'string':
      return { S: value.toWellFormed() };
    case 'number':
      if (Number.isFinite(value)) return { N: String(value) };
      break;
    case 'boolean':
      return { BOOL: value };
    case 'object':
      return toWireObject(value);
  }
  throw new Error(`The ledger of the world does not know ${String(value)}.`);
}

function toWireObject(value: object | null): WireValue {
  if (value === null) return { NULL: true };
  if (Array.isArray(value))
    return { L: value.filter((one) => one !== undefined).map((one: unknown) => toWireValue(one)) };
  if (value instanceof Set) throw new Error('The ledger of the world knows no sets.');
  return { M: toWireItem(value as Plain) };
}

/**
 * An item in plain values, worked out once. An item of a table is never changed, only replaced, so whoever reads it
 * gets the same frozen object.
 */
export const toPlainItem = onceForEach<WireItem, Plain>(toPlainMap);

function toPlainMap(item: WireItem): Plain {
  const plain: Record<string, unknown> = {};
  for (const name of Object.keys(item)) plain[plainName(name)] = toPlainValue(item[name] as WireValue);
  return Object.freeze(plain);
}

function toPlainValue(value: WireValue): unknown {
  if ('S' in value) return value.S;
  if ('N' in value) return Number(value.N);
  if ('M' in value) return toPlainMap(value.M);
  if ('L' in value) return Object.freeze(value.L.map(toPlainValue));
  if ('BOOL' in value) return value.BOOL;
  if ('NULL' in value) return null;
  throw new Error('The ledger of the world knows no binaries and no sets.');
}

type Convert = (item: never) => unknown;

/** How the members of inputs and answers that hold items are converted. */
const MEMBERS: Readonly<Record<string, (value: unknown, item: Convert) => unknown>> = {
  ...named(
    ['Item', 'Key', 'ExpressionAttributeValues', 'ExclusiveStartKey', 'LastEvaluatedKey', 'Attributes'],
    (value, item) => item(value as never),
  ),
  ...named(['Keys', 'Items'], (value, item) => (value as never[]).map(item)),
  ...named(['Put', 'Update', 'Delete', 'ConditionCheck'], (value, item) => convert(value as Plain, item)),
  ...named(['TransactItems'], (value, item) => (value as Plain[]).map((one) => convert(one, item))),
  ...named(['RequestItems', 'Responses', 'UnprocessedKeys'], byTable),
};

function named<T>(names: readonly string[], value: T): Readonly<Record<string, T>> {
  return Object.fromEntries(names.map((name) => [name, value]));
}

function byTable(tables: unknown, item: Convert): unknown {
  const converted: Record<string, unknown> = {};
  for (const [table, inner] of Object.entries(tables as Plain))
    converted[table] = Array.isArray(inner)
      ? inner.map((one) => item(one as never))
      : convert(inner as Plain, item);
  return converted;
}

/** A command's input, or an answer, with each item in it converted. */
function convert(whole: Plain, item: Convert): Plain {
  const converted: Record<string, unknown> = {};
  for (const name of Object.keys(whole)) {
    const value = whole[name];
    const member = value === undefined || value === null ? undefined : MEMBERS[name];
    converted[name] = member === undefined ? value : member(value, item);
  }
  return converted;
}

/** Input of a document client's command in DynamoDB's JSON. */
export const toWire = (input: Plain): Plain => convert(input, toWireItem);

/** An answer in DynamoDB's JSON as the document client gives it. */
export const toPlain = (answer: Plain): Plain => convert(answer, toPlainItem);
