import { describe, expect, it } from 'vitest';
import { SAMPLES } from '../samples.ts';
import { productToItems } from '../../../../test/support/shop.ts';
import { sampleContext } from '../../../../test/support/sample-context.ts';
import { paiseOf } from '../price.ts';
import { quarantineLine } from '../../../shared/migration/refusal.ts';
import { assignSkus, makeSku } from '../sku.ts';
import { makeSlug } from '../slug.ts';
import type { WireItem, WireValue } from '../../../shared/items/wire-item.ts';

describe('a price in paise', () => {
  it.each<[WireValue, string]>([
    [{ S: '165' }, '16500'],
    [{ S: '9.99' }, '999'],
    [{ S: '9.9' }, '990'],
    [{ S: '0.07' }, '7'],
    [{ S: '007.50' }, '750'],
    [{ S: '0' }, '0'],
    [{ S: '0.00' }, '0'],
    [{ N: '165' }, '16500'],
    [{ N: '8.20' }, '820'],
    [{ N: '1.15' }, '115'],
    [{ N: '1.5E+1' }, '1500'],
    [{ N: '1E-2' }, '1'],
    [{ N: '-0' }, '0'],
    [{ N: '99999999999999999999999999999999999999' }, '9999999999999999999999999999999999999900'],
    [{ N: '1E+123' }, `1${'0'.repeat(125)}`],
  ])('of %j is %s', (price, paise) => {
    expect(paiseOf(price, 'It')).toBe(paise);
  });

  it.each<[WireValue, string]>([
    [{ S: '' }, 'neither'],
    [{ S: '1,50' }, 'neither'],
    [{ S: '1.' }, 'neither'],
    [{ S: '.5' }, 'neither'],
    [{ S: '1.505' }, 'neither'],
    [{ S: '-1' }, 'neither'],
    [{ S: '₹165' }, 'neither'],
    [{ S: ' 165' }, 'neither'],
    [{ S: '165\n' }, 'neither'],
    [{ S: '1e3' }, 'neither'],
    [{ NULL: true }, 'neither'],
    [{ L: [] }, 'neither'],
    [{ N: '-1' }, 'below 0'],
    [{ N: '1.005' }, 'more than 2 decimals'],
    [{ N: '1E-3' }, 'more than 2 decimals'],
    [{ S: '1'.repeat(39) }, 'more digits'],
    [{ N: '1E+124' }, 'more digits'],
  ])('of %j is none: %s', (price, reason) => {
    expect(() => paiseOf(price, 'It')).toThrow(reason);
  });
});

describe('a made SKU', () => {
  it.each([
    ['Red shoe', 'M', '42', 'RED-M-42'],
    ['T-shirt', 'x large', 'a/b', 'TSH-XLARGE-AB-C14CDDC033'],
    ['3M tape', '½', '1', '3MT-½-1'],
    ['Straße', 'ß', 'é', 'STR-SS-É-4A99557E40'],
    ['नमस्ते', 'm', '1', 'नमस-M-1'],
    ['𝒜𝒷𝒸𝒹', 'm', '1', '𝒜𝒷𝒸-M-1'],
    ['!!!', '★', '#', '---334359B90E'],
  ])('of %s, %s, %s is %s', (name, size, id, sku) => {
    expect(makeSku({ name, size, id })).toBe(sku);
  });

  it('skips numbers that given SKUs have taken', () => {
    const parts = { name: 'Red', size: 'M', id: '1' };
    const givens = [undefined, 'RED-M-1-2', undefined, undefined, 'RED-M-1'];
    const requests = givens.map((given) => ({ given, parts }));
    expect(assignSkus(requests, 'It')).toEqual([
      'RED-M-1-3',
      'RED-M-1-2',
      'RED-M-1-4',
      'RED-M-1-5',
      'RED-M-1',
    ]);
  });

  it('is found in a step each for a thousand equal sizes', () => {
    const requests = Array.from({ length: 1000 }, () => ({
      given: undefined,
      parts: { name: 'Red', size: 'M', id: '1' },
    }));
    const skus = assignSkus(requests, 'It');
    expect(skus.at(-1)).toBe('RED-M-1-1000');
    expect(new Set(skus).size).toBe(1000);
  });
});

describe('a made slug', () => {
  it.each([
    ['Essence Mascara!', '1', 'essence-mascara-1-6b86b273'],
    ['  A & B  ', 'a-b', 'a-b-a_b-d44362d6'],
    ['नमस्ते दुनिया', '7', 'नमस्ते-दुनिया-7-7902699b'],
    ['!!!', 'x/y z', 'x~2f~y~20~z-96ec5b3f'],
    ['x', 'a_b~🧵', 'x-a~5f~b~7e~~1f9f5~-81604014'],
    ['a'.repeat(200), '1', `${'a'.repeat(80)}-1-6b86b273`],
    [`${'a'.repeat(79)}𝒜`, '1', `${'a'.repeat(79)}-1-6b86b273`],
  ])('of %s and %s is %s', (name, id, slug) => {
    expect(makeSlug({ name, id })).toBe(slug);
  });
});

describe('a quarantine line', () => {
  it('is one line of JSON with the product as it was read', () => {
    const item: WireItem = JSON.parse('{"id":{"S":"1\\n"},"__proto__":{"N":"1.0"}}');
    const line = quarantineLine(item, {
      kind: 'quarantined',
      code: 'MissingName',
      sentence: 'It has no name.',
    });
    expect(line).toBe(
      '{"code":"MissingName","sentence":"It has no name.","item":{"id":{"S":"1\\n"},"__proto__":{"N":"1.0"}}}\n',
    );
  });
});

describe('the samples', () => {
  it('take both ends of the transform', () => {
    const kinds = SAMPLES.map((product) => productToItems(product, sampleContext).kind);
    expect(new Set(kinds)).toEqual(new Set(['items', 'quarantined']));
  });
});
