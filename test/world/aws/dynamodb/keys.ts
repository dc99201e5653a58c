import { MAX_PARTITION_KEY_BYTES, MAX_SORT_KEY_BYTES } from '../../../../functions/shared/items/item-size.ts';
import {
  attribute,
  wireItem,
  type WireItem,
  type WireValue,
} from '../../../../functions/shared/items/wire-item.ts';
import { invalid } from '../errors.ts';
import type { KeyAttribute, Table, TableKey } from './table-state.ts';
import { canonicalItem, typeOf } from './values.ts';

/** Where an item stands, or would stand, in a table. */
export interface Place {
  /** Unique in the table. */
  readonly key: string;
  readonly hash: number;
  readonly partition: string;
  readonly sort: WireValue | undefined;
}

const placed = (prefix: string): string => `One or more parameter values were invalid: ${prefix}`;

/** Where an item stands. @throws ValidationException where it has not the table's key */
export function placeOfItem({ key }: Table, item: WireItem): Place {
  const partition = keyText(item, key.partition, MAX_PARTITION_KEY_BYTES);
  if (key.sort === undefined) return { key: partition, hash: hashOf(partition), partition, sort: undefined };
  const sort = keyText(item, key.sort, MAX_SORT_KEY_BYTES);
  return {
    key: `${partition.length}:${partition}${sort}`,
    hash: hashOf(partition),
    partition,
    sort: attribute(item, key.sort.name),
  };
}

/** The place that a request names by its key. @throws ValidationException where it is not exactly the table's key */
export function placeOfKey(table: Table, key: WireItem): Place {
  const { partition, sort } = table.key;
  const count = sort === undefined ? 1 : 2;
  const fits =
    Object.keys(key).length === count &&
    isOfType(key, partition) &&
    (sort === undefined || isOfType(key, sort));
  if (!fits) throw invalid('The provided key element does not match the schema');
  return placeOfItem(table, canonicalItem(key));
}

function isOfType(key: WireItem, { name, type }: KeyAttribute): boolean {
  const value = attribute(key, name);
  return value !== undefined && typeOf(value) === type;
}

function keyText(item: WireItem, { name, type }: KeyAttribute, maxBytes: number): string {
  const value = attribute(item, name);
  if (value === undefined) throw invalid(placed(`Missing the key ${name} in the item`));
  const text = scalarOf(value, type);
  if (text === undefined)
    throw invalid(placed(`Type mismatch for key ${name} expected: ${type} actual: ${typeOf(value)}`));
  if (text === '')
    throw invalid(
      placed(
        `The AttributeValue for a key attribute cannot contain an empty ${type === 'B' ? 'binary' : 'string'} value. Key: ${name}`,
      ),
    );
  const bytes = type === 'B' ? Buffer.byteLength(text, 'base64') : Buffer.byteLength(text);
  if (bytes > maxBytes)
    throw invalid(placed(`Size of key ${name} has exceeded the maximum size limit of ${maxBytes} bytes`));
  return text;
}

function scalarOf(value: WireValue, type: KeyAttribute['type']): string | undefined {
  if (type === 'S') return 'S' in value ? value.S : undefined;
  if (type === 'N') return 'N' in value ? value.N : undefined;
  return 'B' in value ? value.B : undefined;
}

/**
 * Why an item cannot be in the table: an attribute that an index is keyed by has another type.
 *
 * @throws ValidationException where such an attribute is empty, which DynamoDB finds before anything else
 */
export function indexKeyProblem({ indexes }: Table, item: WireItem): Error | undefined {
  let problem: Error | undefined;
  for (const { name, key } of indexes)
    for (const element of attributesOf(key)) {
      const value = attribute(item, element.name);
      if (value !== undefined) problem ??= indexedValueProblem(name, element, value);
    }
  return problem;
}

function indexedValueProblem(
  index: string,
  { name, type }: KeyAttribute,
  value: WireValue,
): Error | undefined {
  const text = scalarOf(value, type);
  if (text === '')
    throw invalid(
      placed(
        `A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: ${index}, IndexKey: ${name}`,
      ),
    );
  if (text !== undefined) return undefined;
  return invalid(
    placed(
      `Type mismatch for Index Key ${name} Expected: ${type} Actual: ${typeOf(value)} IndexName: ${index}`,
    ),
  );
}

/** The key's attributes, the partition key first. */
export function attributesOf({ partition, sort }: TableKey): readonly KeyAttribute[] {
  return sort === undefined ? [partition] : [partition, sort];
}

/** An item's attributes of a key. */
export function keyOf(key: TableKey, item: WireItem): WireItem {
  return wireItem(attributesOf(key).map(({ name }) => [name, attribute(item, name) as WireValue]));
}

/** FNV-1a, then mixed, so that neighbouring keys are far apart. */
export function hashOf(text: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01_00_01_93);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2_b2_ae_35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
