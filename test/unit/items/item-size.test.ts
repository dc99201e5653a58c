import { describe, expect, it } from 'vitest';
import { itemSizeBytes, refusedWriteUnits } from '../../../functions/shared/items/item-size.ts';
import type { WireItem, WireValue } from '../../../functions/shared/items/wire-item.ts';

describe("an item's size by DynamoDB's rule", () => {
  it.each<[string, WireValue, number]>([
    ['a string by its UTF-8', { S: 'aé🧵' }, 7],
    ['an empty string', { S: '' }, 0],
    ['a binary by its raw bytes', { B: 'AQIDBA==' }, 4],
    ['an empty binary', { B: '' }, 0],
    ['a boolean', { BOOL: false }, 1],
    ['a null', { NULL: true }, 1],
    ['zero', { N: '0' }, 1],
    ['one digit', { N: '7' }, 2],
    ['two digits', { N: '27' }, 2],
    ['three digits', { N: '461' }, 3],
    ['a negative number', { N: '-27' }, 3],
    ['digits in pairs from the point on', { N: '10.5' }, 3],
    ['zeros at the end, which take nothing', { N: '1000000' }, 2],
    ['an odd number of zeros at the end', { N: '120' }, 3],
    ['38 digits', { N: '1'.repeat(38) }, 20],
    ['a tiny number', { N: '1E-130' }, 2],
    ['an empty list', { L: [] }, 3],
    ['a list with its elements', { L: [{ S: 'ab' }, { BOOL: true }] }, 3 + 1 + 2 + 1 + 1],
    ['an empty map', { M: {} }, 3],
    ['a map with names and values', { M: { key: { S: 'ab' } } }, 3 + 1 + 3 + 2],
    ['a string set', { SS: ['ab', 'é'] }, 4],
    ['a number set', { NS: ['1', '100'] }, 4],
    ['a binary set', { BS: ['AQI=', 'AQ=='] }, 3],
  ])('counts %s', (_, value, bytes) => {
    expect(itemSizeBytes({ a: value })).toBe(1 + bytes);
  });

  it('charges a refused write like one of the larger item, and one unit at least', () => {
    const sized = (bytes: number): WireItem => ({ a: { S: 'x'.repeat(bytes - 1) } });
    expect(refusedWriteUnits(undefined, sized(1_024))).toBe(1);
    expect(refusedWriteUnits(sized(3_073), sized(2))).toBe(4);
    expect(refusedWriteUnits(sized(2), sized(2_049))).toBe(3);
    expect(refusedWriteUnits(undefined)).toBe(1);
  });

  it('counts names in UTF-8, also __proto__', () => {
    const item: WireItem = JSON.parse('{"é":{"BOOL":true},"__proto__":{"BOOL":true}}');
    expect(itemSizeBytes(item)).toBe(2 + 1 + 9 + 1);
  });
});
