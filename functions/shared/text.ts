/**
 * Texts of foreign origin: keys, notes, messages of other services. Every place that stores or shows one with a limit
 * cuts it here, by UTF-8 bytes, which is what DynamoDB, S3 and Step Functions count. Half a character (a lone
 * surrogate) is refused by DynamoDB and makes invalid JSON, so none is ever left or made.
 */

const ENCODER = new TextEncoder();

/** UTF-8 needs at most three bytes for one UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3;

/** The beginning of a text, at most `maxBytes` bytes, cut between two characters. Half a character becomes U+FFFD. */
export function cut(text: string, maxBytes: number): string {
  const whole = text.toWellFormed();
  if (whole.length * MAX_BYTES_PER_UNIT <= maxBytes || Buffer.byteLength(whole) <= maxBytes) return whole;
  const { read } = ENCODER.encodeInto(whole, new Uint8Array(maxBytes));
  return whole.slice(0, read);
}

/** `a`, `a and b`, `a, b and c` */
export function listed(words: readonly string[], last: 'and' | 'or' = 'and'): string {
  return [words.slice(0, -1).join(', '), ...words.slice(-1)].filter((text) => text !== '').join(` ${last} `);
}

const ELLIPSIS = '…';

/** The same, with `…` as the last character where something is left out; the `…` counts. */
export function shorten(text: string, maxBytes: number): string {
  const whole = text.toWellFormed();
  if (Buffer.byteLength(whole) <= maxBytes) return whole;
  return `${cut(whole, maxBytes - Buffer.byteLength(ELLIPSIS))}${ELLIPSIS}`;
}

/** The beginning of a text in printable ASCII, `?` for every other character: for subjects of mails. */
export function cutAscii(text: string, maxCharacters: number): string {
  return cut(text.replace(/[^\x20-\x7e]/gu, '?'), maxCharacters);
}

/** An escaped backslash, or half a character as JSON.stringify writes it. */
const ESCAPED = /\\\\|\\ud[89a-f][0-9a-f]{2}/g;

/** JSON text, as JSON.stringify writes it, with U+FFFD in place of every half character. */
export function wellFormedJson(json: string): string {
  return json.includes('\\ud')
    ? json.replace(ESCAPED, (found) => (found === '\\\\' ? found : '\ufffd'))
    : json;
}
