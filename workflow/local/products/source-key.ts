import { migration } from '#migration/index.ts';
import { keyIdentity, type KeyType, type TableKey } from '../../../functions/shared/items/item-key.ts';
import { attribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';

/** The key of the table that is filled: the migration's source. */
export const SOURCE_KEY: TableKey = migration.source.key;

/** What a key attribute holds, for people. */
export const TYPE_NAMES: Readonly<Record<KeyType, string>> = { S: 'string', N: 'number', B: 'binary' };

/** The same text for the same key; `undefined` where an item lacks a key attribute or has it in another type. */
export function identityOf(item: WireItem): string | undefined {
  const isWhole = SOURCE_KEY.every(({ name, type }) => Object.hasOwn(attribute(item, name) ?? {}, type));
  return isWhole ? keyIdentity(item, SOURCE_KEY) : undefined;
}
