import { attribute, stringAttribute, type WireItem, wireItem } from '../wire/wire-item.ts';

/** Key attributes of every table of the new data model. */
export const targetKeyNames = ['PK', 'SK'] as const;

/** The key of an item of a target table. */
export function keyOf(item: WireItem): WireItem {
  return wireItem(
    targetKeyNames.flatMap((name) => {
      const value = attribute(item, name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
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
