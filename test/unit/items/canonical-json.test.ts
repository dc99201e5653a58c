import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, equalValues } from '../../../functions/shared/items/canonical-json.ts';
import type { WireItem, WireValue } from '../../../functions/shared/items/wire-item.ts';
import { arbitraryItem, arbitraryValue } from '../../support/arbitrary-items.ts';
import { respelled } from '../../support/respell.ts';

const parse = (json: string): WireItem => JSON.parse(json);

describe('canonical JSON', () => {
  it('sorts names and sets and normalises numbers and base64', () => {
    const item = parse(
      '{"b":{"NS":["2","1.0","10"]},"a":{"SS":["b","a"]},"é":{"BS":["Ag==","AQ"]},"Z":{"M":{"y":{"N":"1E1"},"x":{"B":"AQI"}}}}',
    );
    expect(canonicalJson(item)).toBe(
      '{"Z":{"M":{"x":{"B":"AQI="},"y":{"N":"10"}}},"a":{"SS":["a","b"]},"b":{"NS":["1","10","2"]},"é":{"BS":["AQ==","Ag=="]}}',
    );
  });

  it('leaves the order of a list alone', () => {
    expect(canonicalJson({ l: { L: [{ N: '2.0' }, { NULL: true }, { BOOL: false }, { BOOL: true }] } })).toBe(
      '{"l":{"L":[{"N":"2"},{"NULL":true},{"BOOL":false},{"BOOL":true}]}}',
    );
  });

  it('keeps attributes called __proto__ and constructor', () => {
    const item = parse('{"constructor":{"S":"c"},"__proto__":{"M":{"__proto__":{"S":"p"}}}}');
    expect(canonicalJson(item)).toBe('{"__proto__":{"M":{"__proto__":{"S":"p"}}},"constructor":{"S":"c"}}');
  });

  it('escapes what JSON escapes, in short texts and in long ones', () => {
    for (const text of ['"', '\\', '\u0000', '\u001f', '🧵', '\ud800', '\u2028', `"${'x'.repeat(100)}`]) {
      expect(canonicalJson({ [text]: { S: text } })).toBe(
        `{${JSON.stringify(text)}:{"S":${JSON.stringify(text)}}}`,
      );
    }
  });

  it('is an empty object for an item without attributes', () => {
    expect(canonicalJson({})).toBe('{}');
  });

  it('is DynamoDB JSON of an equal item', () => {
    fc.assert(
      fc.property(arbitraryItem, (item) => {
        const canonical = canonicalJson(item);
        expect(canonicalJson(parse(canonical))).toBe(canonical);
        expect(Object.keys(parse(canonical)).toSorted()).toEqual(Object.keys(item).toSorted());
      }),
    );
  });

  it('is the same for every spelling of an item', () => {
    fc.assert(
      fc.property(arbitraryItem, fc.infiniteStream(fc.nat()), (item, choices) => {
        expect(canonicalJson(respelled(item, choices))).toBe(canonicalJson(item));
      }),
    );
  });

  it('refuses a type that DynamoDB does not have today', () => {
    expect(() => canonicalJson(parse('{"a":{"X":"1"}}'))).toThrow('of the type "X"');
  });

  it.each<[WireValue, WireValue, boolean]>([
    [{ N: '1.0' }, { N: '1' }, true],
    [{ N: '1' }, { S: '1' }, false],
    [{ SS: ['a', 'b'] }, { SS: ['b', 'a'] }, true],
    [{ L: [{ S: 'a' }, { S: 'b' }] }, { L: [{ S: 'b' }, { S: 'a' }] }, false],
    [{ BOOL: true }, { BOOL: false }, false],
    [{ B: 'AQ==' }, { B: 'AQ' }, true],
    [{ SS: ['a'] }, { BS: ['a'] }, false],
    [{ NULL: true }, { M: {} }, false],
  ])('tells whether %j equals %j', (one, other, isEqual) => {
    expect(equalValues(one, other)).toBe(isEqual);
  });

  it('tells every two values apart that differ', () => {
    fc.assert(
      fc.property(arbitraryValue, (value) => {
        expect(equalValues(value, { L: [value] })).toBe(false);
        expect(equalValues(value, value)).toBe(true);
      }),
    );
  });
});
