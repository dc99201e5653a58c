import type { KeyType } from '../items/item-key.ts';
import { fitsIndex, keyBytes, maxKeyBytes } from '../items/key-value.ts';
import { attribute, type WireItem, type WireValue } from '../items/wire-item.ts';
import type { FilledTable } from './migration.ts';
import { refuse } from './refusal.ts';
import { keyOfSpec } from './table-spec.ts';

/** Each attribute of the table's key must be there, of its type, and not too long. */
export function refuseBadKey(item: WireItem, table: FilledTable, label: string): void {
  table.tableKey.forEach(({ name, type }, index) => {
    const bytes = keyBytes(attribute(item, name), type);
    const maxBytes = maxKeyBytes(index);
    if (bytes === 0)
      refuse('InvalidKey', `${label} becomes an item without the key ${name} of type ${type}.`);
    if (bytes > maxBytes)
      refuse(
        'KeyTooLong',
        `${label} becomes an item with a ${name} of ${bytes} bytes; DynamoDB takes ${maxBytes}.`,
      );
  });
}

/** An item may lack the key of an index, which then does not hold it; one with another value is refused. */
export function refuseBadIndexKeys(item: WireItem, table: FilledTable, label: string): void {
  for (const { name: index, key } of table.indexes)
    keyOfSpec({ key, attributes: table.attributes }).forEach(({ name, type }, at) => {
      const value = attribute(item, name);
      if (fitsIndex(value, type, at)) return;
      const why = indexKeyProblem(value, type, at);
      refuse(
        'InvalidIndexKey',
        `${label} becomes an item of ${table.name} whose ${name} ${why}, so it cannot be a key of its index ${index}.`,
      );
    });
}

/** The reason stands before the index, because a report cuts long sentences at their end. */
function indexKeyProblem(value: WireValue | undefined, type: KeyType, at: number): string {
  const bytes = keyBytes(value, type);
  if (bytes > 0) return `has ${bytes} bytes where DynamoDB takes ${maxKeyBytes(at)}`;
  const [found = 'none'] = Object.keys(value ?? {});
  if (found !== type) return `is of type ${found} and not ${type}`;
  return type === 'N' ? 'is no number that DynamoDB stores' : 'is empty';
}
