import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ItemNotCarriableError } from '../../../functions/shared/errors.ts';
import { formatDecimal, normaliseNumber, parseDecimal } from '../../../functions/shared/items/decimal.ts';
import { arbitraryNumber } from '../../support/arbitrary-items.ts';

describe('a DynamoDB number', () => {
  it.each([
    ['1.50', '1.5'],
    ['15E-1', '1.5'],
    ['+1.5', '1.5'],
    ['0015', '15'],
    ['1500', '1500'],
    ['1.5e3', '1500'],
    ['.5', '0.5'],
    ['-5.', '-5'],
    ['0', '0'],
    ['-0', '0'],
    ['0.000', '0'],
    ['0E5', '0'],
    ['-0.001', '-0.001'],
    ['1E-130', '1E-130'],
    ['9.90E125', '9.9E+125'],
    ['0.00000000000000000000000000000000000000001', '1E-41'],
    ['0.0000000000000000000000000000000000000001', '0.0000000000000000000000000000000000000001'],
    [`1${'0'.repeat(39)}`, `1${'0'.repeat(39)}`],
    [`1${'0'.repeat(40)}`, '1E+40'],
    [`-12${'0'.repeat(40)}`, '-1.2E+41'],
    ['9'.repeat(38), '9'.repeat(38)],
    [`${'9'.repeat(37)}.9`, `${'9'.repeat(37)}.9`],
  ])('spells %s as %s', (text, expected) => {
    expect(normaliseNumber(text)).toBe(expected);
  });

  it.each(['', '.', '-', 'e5', '1e', '1.2.3', 'NaN', 'Infinity', ' 1', '1 ', '0x10', '1,5'])(
    'refuses %j',
    (text) => {
      expect(() => normaliseNumber(text)).toThrow(ItemNotCarriableError);
    },
  );

  it('keeps its value and its spelling once it is canonical', () => {
    fc.assert(
      fc.property(arbitraryNumber, (text) => {
        const canonical = normaliseNumber(text);
        expect(parseDecimal(canonical)).toEqual(parseDecimal(text));
        expect(normaliseNumber(canonical)).toBe(canonical);
      }),
    );
  });

  it('has one spelling however its zeros and its point are written', () => {
    fc.assert(
      fc.property(arbitraryNumber, fc.nat({ max: 9 }), (text, shift) => {
        const decimal = parseDecimal(text) ?? { negative: false, digits: '', exponent: 0 };
        const respelled = `${decimal.negative ? '-' : ''}00${decimal.digits}${'0'.repeat(shift)}.0E${decimal.exponent - shift}`;
        expect(normaliseNumber(respelled)).toBe(formatDecimal(decimal));
      }),
    );
  });

  it('agrees with JavaScript where JavaScript is exact', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(normaliseNumber(String(value))).toBe(String(value));
      }),
    );
  });
});
