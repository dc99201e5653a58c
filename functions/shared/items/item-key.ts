import { attribute, type WireItem, wireItem } from './wire-item.ts';

/** The item's key attributes and nothing else, as the API takes a key. */
export function keyOf(item: WireItem, keyNames: readonly string[]): WireItem {
  return wireItem(
    keyNames.flatMap((name) => {
      const value = attribute(item, name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

/** The item's key as an operator can look it up: `{"id":{"S":"12"}}`. */
export function keyText(item: WireItem, keyNames: readonly string[]): string {
  return JSON.stringify(keyOf(item, keyNames));
}
