import {
  itemSizeBytes,
  MAX_ITEM_BYTES,
  MAX_PARTITION_KEY_BYTES,
  MAX_SORT_KEY_BYTES,
} from '../wire/item-size.ts';
import { stringAttribute, type WireItem } from '../wire/wire-item.ts';
import { refuse } from './quarantine.ts';

/** Made on every item: a source that had them would lose its own. */
const RESERVED_IN_VARIANT = ['PK', 'SK', 'productId', 'migrationRun', 'migrationDigest'];
const RESERVED_IN_PRODUCT = [...RESERVED_IN_VARIANT, 'availableSizes'];

/** @throws ProductRefusal `ReservedAttribute` where the product has an attribute that METADATA is given anew */
export function refuseReservedInProduct(product: WireItem, label: string): void {
  refuseReserved(RESERVED_IN_PRODUCT, product, label);
}

/** @throws ProductRefusal `ReservedAttribute` where a source variant has an attribute that VARIANT is given anew */
export function refuseReservedInVariant(own: WireItem, label: string): void {
  refuseReserved(RESERVED_IN_VARIANT, own, label);
}

/** @throws ProductRefusal `KeyTooLong` where DynamoDB would refuse the item */
export function refuseLongKeys(item: WireItem, label: string): void {
  refuseLongKey({ item, name: 'PK', maxBytes: MAX_PARTITION_KEY_BYTES }, label);
  refuseLongKey({ item, name: 'SK', maxBytes: MAX_SORT_KEY_BYTES }, label);
}

/** @throws ProductRefusal `ItemTooLarge` where DynamoDB would refuse the item */
export function refuseOversized(item: WireItem, label: string): void {
  const bytes = itemSizeBytes(item);
  if (bytes <= MAX_ITEM_BYTES) return;
  refuse('ItemTooLarge', `${label} becomes an item of ${bytes} bytes; DynamoDB takes ${MAX_ITEM_BYTES}.`);
}

function refuseReserved(reserved: readonly string[], attributes: WireItem, label: string): void {
  const found = reserved.filter((name) => Object.hasOwn(attributes, name));
  if (found.length === 0) return;
  refuse('ReservedAttribute', `${label} has ${found.join(', ')}, which the new data model uses itself.`);
}

interface KeyLimit {
  readonly item: WireItem;
  readonly name: 'PK' | 'SK';
  readonly maxBytes: number;
}

function refuseLongKey({ item, name, maxBytes }: KeyLimit, label: string): void {
  const bytes = Buffer.byteLength(stringAttribute(item, name) ?? '');
  if (bytes <= maxBytes) return;
  refuse(
    'KeyTooLong',
    `${label} becomes an item with a ${name} of ${bytes} bytes; DynamoDB takes ${maxBytes}.`,
  );
}
