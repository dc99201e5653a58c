/**
 * DynamoDB's own JSON form of a value, exactly as it travels over HTTP: numbers are decimal strings,
 * binaries are base64 strings. Nothing in this project turns a product into JavaScript numbers or
 * buffers, so nothing can be rounded, reordered or lost on the way.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
 */
export type WireValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly B: string }
  | { readonly BOOL: boolean }
  | { readonly NULL: boolean }
  | { readonly M: WireItem }
  | { readonly L: readonly WireValue[] }
  | { readonly SS: readonly string[] }
  | { readonly NS: readonly string[] }
  | { readonly BS: readonly string[] };

/**
 * An item, or a map inside one. It comes from `JSON.parse` or {@link wireItem}, so that an attribute
 * called `__proto__` or `constructor` is an own property like any other. Read it with
 * `Object.keys`/`Object.entries` and {@link attribute}, never with `in`.
 */
export type WireItem = { readonly [attributeName: string]: WireValue };

/** Builds an item from entries; a later entry wins. Safe for `__proto__`. */
export function wireItem(entries: Iterable<readonly [string, WireValue]>): WireItem {
  return Object.fromEntries(entries);
}

/** The attribute's value, or `undefined` where the item has none of that name (inherited names do not count). */
export function attribute(item: WireItem, name: string): WireValue | undefined {
  return Object.hasOwn(item, name) ? item[name] : undefined;
}

/** The string of an `S` attribute; `undefined` where it is absent or of another type. */
export function stringAttribute(item: WireItem, name: string): string | undefined {
  const value = attribute(item, name);
  return value !== undefined && 'S' in value ? value.S : undefined;
}

/** The decimal string of an `N` attribute; `undefined` where it is absent or of another type. */
export function numberAttribute(item: WireItem, name: string): string | undefined {
  const value = attribute(item, name);
  return value !== undefined && 'N' in value ? value.N : undefined;
}
