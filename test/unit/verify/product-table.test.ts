import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createProductTable } from '../../../functions/verify-migration/product-table.ts';

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const ids = fc.uniqueArray(fc.string({ unit: 'grapheme' }), { maxLength: 60 });

describe('the table of a segment’s products', () => {
  it('answers as a map would', () => {
    fc.assert(
      fc.property(ids, ids, fc.string(), (backedUp, others, mark) => {
        const table = createProductTable(backedUp.length);
        for (const id of backedUp) table.add(id, digestOf(id));
        const known = new Set(backedUp);
        for (const id of [...backedUp, ...others]) {
          const expected = known.has(id) ? 'same' : 'added';
          expect(table.match(id, digestOf(id))).toBe(expected);
          expect(table.isSeen(id)).toBe(known.has(id));
          expect(table.match(id, digestOf(`${id}${mark}!`))).toBe(known.has(id) ? 'changed' : 'added');
        }
        expect(table.size()).toBe(backedUp.length);
      }),
    );
  });

  it('has seen nothing at first', () => {
    const table = createProductTable(1);
    table.add('a', digestOf('a'));
    expect(table.isSeen('a')).toBe(false);
    expect(table.isSeen('b')).toBe(false);
  });

  it('counts an id once that is added twice', () => {
    const table = createProductTable(2);
    table.add('a', digestOf('a'));
    table.add('a', digestOf('b'));
    expect(table.size()).toBe(1);
    expect(table.match('a', digestOf('b'))).toBe('same');
  });

  it('holds 100,000 products in 5 MB', () => {
    const table = createProductTable(100_000);
    for (let index = 0; index < 100_000; index += 1) table.add(`p-${index}`, digestOf(String(index)));
    expect(table.size()).toBe(100_000);
    expect(table.match('p-99999', digestOf('99999'))).toBe('same');
    expect(table.match('p-100000', digestOf('100000'))).toBe('added');
  });
});
