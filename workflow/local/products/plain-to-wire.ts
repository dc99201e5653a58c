import type { WireItem, WireValue } from '../../../functions/shared/wire/wire-item.ts';

/** The text that a number was parsed from comes as a third argument (ES2026), which TypeScript's library lacks. */
type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;
type ParseWithSource = (text: string, reviver: Reviver) => unknown;

/**
 * Turns a JSON array of plain objects into items. Numbers keep every digit they were written with, which a JavaScript number
 * would not.
 *
 * @throws Error naming the element that is no object
 */
export function* parsePlainProducts(text: string, where: string): Generator<WireItem> {
  const list = parseWire(text, where);
  if (!('L' in list)) throw new Error(`${where}: not a JSON array.`);
  for (const [index, element] of list.L.entries()) {
    if (!('M' in element)) throw new Error(`${where}, element ${index + 1}: not an object.`);
    yield element.M;
  }
}

/** `JSON.parse` goes from the leaves to the root, so that what it meets inside is converted already. */
function parseWire(text: string, where: string): WireValue {
  try {
    return (JSON.parse as ParseWithSource)(text, (_key, value, context) =>
      toWire(value, context.source),
    ) as WireValue;
  } catch (error) {
    throw new Error(`${where}: not JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function toWire(value: unknown, source: string | undefined): WireValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: source ?? String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (value === null) return { NULL: true };
  return Array.isArray(value) ? { L: value as WireValue[] } : { M: value as WireItem };
}
