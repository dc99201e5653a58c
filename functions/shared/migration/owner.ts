import { canonicalJson, equalValues, normaliseBase64 } from '../items/canonical-json.ts';
import { keyOf, keyText, type TableKey } from '../items/item-key.ts';
import { keyBytes, maxKeyBytes } from '../items/key-value.ts';
import { attribute, type WireItem, type WireValue, wireItem } from '../items/wire-item.ts';
import type { FilledTable } from './migration.ts';
import { ownCodeError } from './own-code.ts';

/**
 * The key of the source item that an item of a filled table belongs to. `undefined` for a foreign item: the migration
 * derives no key from it, or none that DynamoDB takes, or one whose partitions do not hold the item.
 *
 * @throws TransformError where the migration's own code throws; not retried
 */
export function ownerKeyOf(item: WireItem, table: FilledTable): WireItem | undefined {
  const targetKey = keyOf(item, table.tableKey);
  try {
    const owner = usableKey(table.sourceKeyOf(targetKey), table.sourceKey);
    if (owner === undefined) return undefined;
    const partition = attribute(targetKey, table.key.partitionKey);
    return table.partitionsOf(owner).some((one) => isSame(one, partition)) ? owner : undefined;
  } catch (error) {
    const where = `in its belongsTo on the key ${keyText(targetKey, table.tableKey)} of table ${table.name}`;
    throw ownCodeError({ where, advice: ADVICE }, error);
  }
}

const ADVICE =
  'Its sourceKeyOf should give undefined for a key that the migration never makes, and its partitionsOf should take every source key.';

/** The same text for items of one source item, and only for them. @throws as {@link ownerKeyOf} */
export function ownerOf(item: WireItem, table: FilledTable): string | undefined {
  const key = ownerKeyOf(item, table);
  return key === undefined ? undefined : canonicalJson(key);
}

/** Whether two key values are equal. Nearly all keys are texts, which need no canonical form. */
export function isSame(one: WireValue | undefined, other: WireValue | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return 'S' in one && 'S' in other ? one.S === other.S : equalValues(one, other);
}

/** What a request can ask for; `undefined` where DynamoDB would refuse the key, and with it the whole request. */
function usableKey(owner: WireItem | undefined, key: TableKey): WireItem | undefined {
  if (typeof owner !== 'object' || owner === null) return undefined;
  const isUsable = key.every(({ name, type }, index) => {
    const bytes = keyBytes(attribute(owner, name), type);
    return bytes > 0 && bytes <= maxKeyBytes(index);
  });
  return isUsable ? wireItem(Object.entries(keyOf(owner, key)).map(asSent)) : undefined;
}

/** Base64 that is made of a text may have characters that are none of it. */
function asSent([name, value]: readonly [string, WireValue]): readonly [string, WireValue] {
  return [name, 'B' in value ? { B: normaliseBase64(value.B) } : value];
}
