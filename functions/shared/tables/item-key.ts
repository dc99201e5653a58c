import { keyOf as keyAttributes } from '../wire/item-key.ts';
import { stringAttribute, type WireItem } from '../wire/wire-item.ts';

/** Key attributes of every table of the new data model. */
export const targetKeyNames = ['PK', 'SK'] as const;

/** The key of an item of a target table, as the API takes it. */
export function keyOf(item: WireItem): WireItem {
  return keyAttributes(item, targetKeyNames);
}

/** The same text for the same key, and only for it; a key may hold any character that could separate its parts. */
export function keyIdentity(item: WireItem): string {
  return JSON.stringify(targetKeyNames.map((name) => stringAttribute(item, name)));
}

/** The key as an operator can look it up, at most 200 characters of it. */
export function keyText(item: WireItem): string {
  return targetKeyNames
    .map((name) => stringAttribute(item, name) ?? '')
    .join(' / ')
    .slice(0, 200);
}
