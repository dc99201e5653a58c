import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, cutAscii, shorten, wellFormedJson } from '../../../functions/shared/text.ts';

const LONE = ['\ud83d', '\udc4d', '\udbff', '\udc00'];
/** Emoji, families, flags, combining marks, right to left, half characters, and plain letters. */
const pieces = [
  'a',
  '\\',
  '"',
  'ud800',
  '\\ud800',
  'é',
  'e\u0301',
  '藍',
  '🧵',
  '👩‍👩‍👧',
  '🇮🇳',
  'ह',
  'ी',
  '\u202e',
  '\0',
  ...LONE,
];
const texts = fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((found) => found.join(''));
const bytes = fc.integer({ min: 3, max: 200 });

describe('a text that is cut', () => {
  it('takes at most the bytes that it may take, holds whole characters only, and is the longest such beginning', () => {
    fc.assert(
      fc.property(texts, bytes, (text, maxBytes) => {
        const kept = cut(text, maxBytes);
        expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(maxBytes);
        expect(kept.isWellFormed()).toBe(true);
        expect(text.toWellFormed().startsWith(kept)).toBe(true);
        const [next = 'x'.repeat(maxBytes + 1)] = text.toWellFormed().slice(kept.length);
        expect(Buffer.byteLength(kept + next)).toBeGreaterThan(maxBytes);
      }),
    );
  });

  it('stays as it is when it fits', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const whole = text.toWellFormed();
        expect(cut(text, Buffer.byteLength(whole))).toBe(whole);
        expect(shorten(text, Buffer.byteLength(whole))).toBe(whole);
      }),
    );
  });

  it('ends in … where something is left out, within the same limit', () => {
    fc.assert(
      fc.property(texts, bytes, (text, maxBytes) => {
        const kept = shorten(text, maxBytes);
        expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(maxBytes);
        expect(kept.isWellFormed()).toBe(true);
        expect(kept.endsWith('…')).toBe(Buffer.byteLength(text.toWellFormed()) > maxBytes);
      }),
    );
  });

  it('is printable ASCII and nothing else when a mail has it as its subject', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 0, max: 100 }), (text, most) => {
        expect(cutAscii(text, most)).toMatch(/^[\x20-\x7e]*$/);
        expect(cutAscii(text, most).length).toBeLessThanOrEqual(most);
      }),
    );
  });

  it.each([
    ['🧵🧵', 7, '🧵'],
    ['🧵🧵', 3, ''],
    ['ab\ud83d', 5, 'ab\ufffd'],
    ['ab\ud83d', 4, 'ab'],
    ['', 0, ''],
  ])('%j becomes, at %i bytes, %j', (text, maxBytes, kept) => {
    expect(cut(text, maxBytes)).toBe(kept);
  });
});

describe('JSON text', () => {
  it('holds no half character, and says otherwise what it said', () => {
    fc.assert(
      fc.property(fc.dictionary(texts, fc.array(texts)), (value) => {
        const text = wellFormedJson(JSON.stringify(value));
        const read = JSON.stringify(JSON.parse(text));
        expect(read.isWellFormed()).toBe(true);
        expect(read).not.toMatch(/(?<!\\)(?:\\\\)*\\ud[89a-f]/);
        const whole = Object.entries(value).map(([name, list]) => [
          name.toWellFormed(),
          list.map((one) => one.toWellFormed()),
        ]);
        expect(JSON.parse(text)).toEqual(Object.fromEntries(whole));
      }),
    );
  });
});
