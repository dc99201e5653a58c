/**
 * What a terminal or a browser would obey instead of show: control characters (C0, DEL, C1), line and paragraph
 * separators, everything that turns the direction of writing, invisible marks and tags, and half characters.
 */
const UNPRINTABLE =
  /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Surrogate}\u200b\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Text of foreign origin as one line that can be shown anywhere: `\u001b` for an ESC, `\n` for a line feed. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

function escaped(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return SHORT[character] ?? (code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`);
}

/** The same for a text of our own that has lines. */
export function printableLines(text: string): string {
  return text.replace(UNPRINTABLE, (character) => (character === '\n' ? character : escaped(character)));
}

/**
 * A value with every string in it {@link printable}, keys included, such as a report before it is shown. A `nextStep` is
 * a text of our own that has lines.
 */
export function printableAll<Value>(value: Value): Value {
  return shown(value) as Value;
}

function shown(value: unknown): unknown {
  if (typeof value === 'string') return printable(value);
  if (Array.isArray(value)) return value.map(shown);
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [shown(key), shown(one)]));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]: [string, unknown]) => [
      printable(key),
      key === 'nextStep' && typeof one === 'string' ? printableLines(one) : shown(one),
    ]),
  );
}

/** JSON of the same value, with lines for a reader, in which nothing unprintable stands as itself. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(UNPRINTABLE, (character) =>
    character === '\n' ? character : asInJson(character),
  );
}

/** A character beyond U+FFFF is two there. */
function asInJson(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
