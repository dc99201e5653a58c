import { ItemNotCarriableError } from '../errors.ts';
import { shorten } from '../text.ts';
import { normaliseBase64 } from './canonical-json.ts';
import { normaliseNumber } from './decimal.ts';
import { attribute, type WireItem, type WireValue, wireItem } from './wire-item.ts';

/** The type of a key attribute, as DynamoDB writes it. */
export type KeyType = 'S' | 'N' | 'B';

/** One attribute of a table's key. */
export interface KeyAttribute {
  readonly name: string;
  readonly type: KeyType;
}

/** A table's key: the partition key, then the sort key if there is one. */
export type TableKey = readonly KeyAttribute[];

/** The item's key attributes and nothing else, as the API takes a key. */
export function keyOf(item: WireItem, key: TableKey): WireItem {
  return wireItem(
    key.flatMap(({ name }) => {
      const value = attribute(item, name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

/**
 * The same text for the same key, and only for it: `1.0` and `1` are one number, and base64 of the same bytes is one
 * binary. A key may hold any character that could separate its parts.
 *
 * @throws ItemNotCarriableError (final) where the item lacks a key attribute or has it in another type. DynamoDB stores no such item.
 */
export function keyIdentity(item: WireItem, key: TableKey): string {
  return JSON.stringify(key.map((part) => identityOf(item, part)));
}

const MAX_KEY_TEXT_BYTES = 200;

/** The key as an operator can look it up, `PRODUCT#1 / METADATA`, at most 200 bytes of it. Never throws. */
export function keyText(item: WireItem, key: TableKey): string {
  const parts = key.map(({ name, type }) => writtenAs(attribute(item, name), type) ?? '');
  return shorten(parts.join(' / '), MAX_KEY_TEXT_BYTES);
}

function identityOf(item: WireItem, { name, type }: KeyAttribute): string {
  const text = writtenAs(attribute(item, name), type);
  if (text === undefined)
    throw new ItemNotCarriableError(
      `An item has no key attribute ${name} of type ${type}, so it is not an item of this table.`,
    );
  if (type === 'N') return normaliseNumber(text);
  return type === 'B' ? normaliseBase64(text) : text;
}

function writtenAs(value: WireValue | undefined, type: KeyType): string | undefined {
  if (value === undefined) return undefined;
  if (type === 'S') return 'S' in value ? value.S : undefined;
  if (type === 'N') return 'N' in value ? value.N : undefined;
  return 'B' in value ? value.B : undefined;
}
