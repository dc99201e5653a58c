import type { WireItem, WireValue } from '../../functions/shared/items/wire-item.ts';

/** Plain JavaScript values, as the ledger's client takes and gives them. */
type Plain = Readonly<Record<string, unknown>>;

/** As the document client does it with `removeUndefinedValues`, for what the ledger holds: no binaries, no null. */
export function toWireItem(item: Plain): WireItem {
  const entries = Object.entries(item).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([name, value]) => [name, toWireValue(value)]));
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
  if (value instanceof Set) return setOf([...(value as Set<unknown>)]);
  return { M: toWireItem(value as Plain) };
}

function setOf(members: readonly unknown[]): WireValue {
  if (members.length > 0 && members.every((one) => typeof one === 'string')) return { SS: members };
  if (members.length > 0 && members.every((one) => typeof one === 'number'))
    return { NS: members.map(String) };
  throw new Error('The ledger of the world knows sets of strings and of numbers, and no empty ones.');
}

export function toPlainItem(item: WireItem): Plain {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, toPlainValue(value)]));
}

function toPlainValue(value: WireValue): unknown {
  if ('S' in value) return value.S;
  if ('N' in value) return Number(value.N);
  if ('BOOL' in value) return value.BOOL;
  if ('NULL' in value) return null;
  if ('L' in value) return value.L.map(toPlainValue);
  if ('M' in value) return toPlainItem(value.M);
  if ('SS' in value) return new Set(value.SS);
  if ('NS' in value) return new Set(value.NS.map(Number));
  throw new Error('The ledger of the world knows no binaries.');
}

/** Where items and keys are in inputs and answers. */
const ITEMS = new Set([
  'Item',
  'Key',
  'ExpressionAttributeValues',
  'ExclusiveStartKey',
  'LastEvaluatedKey',
  'Attributes',
]);
const LISTS = new Set(['Keys', 'Items']);
const BY_TABLE = new Set(['RequestItems', 'Responses', 'UnprocessedKeys']);
const WRITES = new Set(['Put', 'Update', 'Delete', 'ConditionCheck']);

type Convert = (item: never) => unknown;

/** A command's input, or an answer, with each item in it converted. */
function convert(whole: Plain, item: Convert): Plain {
  return Object.fromEntries(
    Object.entries(whole).map(([name, value]) => [name, convertMember(name, value, item)]),
  );
}

function convertMember(name: string, value: unknown, item: Convert): unknown {
  if (value === undefined || value === null) return value;
  if (ITEMS.has(name)) return item(value as never);
  if (LISTS.has(name)) return (value as never[]).map(item);
  if (WRITES.has(name)) return convert(value as Plain, item);
  if (name === 'TransactItems') return (value as Plain[]).map((one) => convert(one, item));
  if (!BY_TABLE.has(name)) return value;
  const tables = Object.entries(value).map(([table, inner]: [string, unknown]) => [
    table,
    Array.isArray(inner) ? inner.map((one) => item(one as never)) : convert(inner as Plain, item),
  ]);
  return Object.fromEntries(tables) as unknown;
}

/** Input of a document client's command in DynamoDB's JSON. */
export const toWire = (input: Plain): Plain => convert(input, toWireItem);

/** An answer in DynamoDB's JSON as the document client gives it. */
export const toPlain = (answer: Plain): Plain => convert(answer, toPlainItem);
