import fc from 'fast-check';
import { expect } from 'vitest';

/** Texts that ids, names, notes and errors may hold, and that a terminal or a browser would obey. */
export const HOSTILE: readonly string[] = [
  '\u001b[31m',
  '\u001b[2J',
  '\u001b]0;title\u0007',
  '\u009b31m',
  '\u0090',
  '\n',
  '\r',
  '\r\n',
  '\t',
  '\0',
  '\b',
  '\u007f',
  '\u202e',
  '\u202a',
  '\u2066',
  '\u2069',
  '\u200e',
  '\u200f',
  '\u061c',
  '\u2028',
  '\u2029',
  '\u0085',
  '\ufeff',
  '\u200b',
  '\u{e0041}',
  '\ud83d',
  '\udc4d',
  '</title>',
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '"',
  "'",
  '&',
  '\\',
  ']]>',
  '-->',
  '\u001b[31;123456m',
  '${x}',
  '{{x}}',
  '%s',
  '$&',
  '$1',
];

/** Any of them among ordinary words, emoji and other characters. */
export const hostileTexts: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(...HOSTILE, 'word', ' ', ': ', '🧵', '👩‍👩‍👧', 'हल्दी'),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    {
      maxLength: 12,
    },
  )
  .map((parts) => parts.join(''));

const OWN_COLOR = new RegExp(String.raw`\u001b\[(?:\d|2\d|[349][0-79]|10[0-7])m`, 'g');
/** Clears a line before a new text is written into it. */
const OWN_CLEARING = new RegExp(String.raw`^\r\u001b\[K`, 'gm');
/** Every control character except the line feed, and other characters that are obeyed. */
const OBEYED = /[^\P{Cc}\n]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/u;

/**
 * Expects nothing below U+0020 except line feeds and, on a terminal, plain colours and cleared lines. There must be no C1 characters, no
 * changes of direction and no halves of surrogate pairs.
 */
export function expectHarmless(text: string, { isTTY = false } = {}): void {
  const shown = isTTY ? text.replaceAll(OWN_COLOR, '').replaceAll(OWN_CLEARING, '') : text;
  const at = shown.search(OBEYED);
  expect(at === -1 ? '' : JSON.stringify(shown.slice(Math.max(0, at - 40), at + 10))).toBe('');
}
