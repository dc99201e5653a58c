import { describe, expect, it } from 'vitest';
import { productToItems } from '../../../../test/support/shop.ts';
import type { WireItem, WireValue } from '../../../shared/items/wire-item.ts';
import { itemSizeBytes } from '../../../shared/items/item-size.ts';
import { sampleContext } from '../../../../test/support/sample-context.ts';
import { codeOf, metadataOf, plain, valuesOf, variantsOf, without, withVariants } from './transformed.ts';

describe('a price', () => {
  it('of the variant wins over the product’s, which moves to those without', () => {
    const product = withVariants({ price: { N: '9.99' } }, {});
    expect(valuesOf(product, 'price')).toEqual([{ N: '999' }, { N: '16500' }]);
    expect(Object.keys(metadataOf(product))).not.toContain('price');
  });

  it('of the product stays when no variant has it', () => {
    expect(metadataOf(withVariants({ price: { N: '9.99' } })).price).toEqual({ S: '165' });
  });

  it('of the product is moved when a variant has an equal one of its own', () => {
    expect(Object.keys(metadataOf(withVariants({ price: { N: '165.0' } })))).not.toContain('price');
  });

  it('of the product that nobody uses stays, whatever it is', () => {
    const product: WireItem = { ...withVariants({ price: { N: '1' } }), price: { S: 'on request' } };
    expect(metadataOf(product).price).toEqual({ S: 'on request' });
  });

  it('may be missing on the product when every variant has one', () => {
    const priceless = without(withVariants({ price: { S: '1' } }), 'price');
    expect(valuesOf(priceless, 'price')).toEqual([{ N: '100' }]);
  });

  it('that is missing altogether is InvalidPrice', () => {
    const priceless = without(withVariants({ price: { S: '1' } }, {}), 'price');
    expect(codeOf(priceless)).toBe('InvalidPrice');
  });

  it('to compare with stands in the variants in paise and stays in the product', () => {
    const product: WireItem = {
      ...withVariants({ compareAtPrice: { S: '200.5' } }, {}),
      compareAtPrice: { N: '180' },
    };
    expect(valuesOf(product, 'compareAtPrice')).toEqual([{ N: '20050' }, { N: '18000' }]);
    expect(metadataOf(product).compareAtPrice).toEqual({ N: '180' });
  });

  it('to compare with that is none is InvalidPrice', () => {
    expect(codeOf({ ...plain, compareAtPrice: { S: 'none' } })).toBe('InvalidPrice');
    expect(codeOf(withVariants({ compareAtPrice: { S: '1.005' } }))).toBe('InvalidPrice');
  });
});

describe('a sku', () => {
  it('of the product goes to its only variant, verbatim', () => {
    const product: WireItem = { ...plain, sku: { S: 'bea-ess#1' } };
    expect(valuesOf(product, 'sku')).toEqual([{ S: 'bea-ess#1' }]);
    expect(Object.keys(metadataOf(product))).not.toContain('sku');
  });

  it('of the product stays when there are several variants, and the first has it', () => {
    const product = { ...withVariants({ sku: { S: 'ONE' } }, { sku: { S: 'TWO' } }), sku: { S: 'ONE' } };
    expect(metadataOf(product).sku).toEqual({ S: 'ONE' });
  });

  it('of the product stays when there are several variants', () => {
    const product: WireItem = { ...plain, sku: { S: 'X' }, sizes: { SS: ['M', 'S'] } };
    expect(metadataOf(product).sku).toEqual({ S: 'X' });
    expect(valuesOf(product, 'sku')).toEqual([{ S: 'RED-M-42' }, { S: 'RED-S-42' }]);
  });

  it('of the product stays when its only variant has another', () => {
    const product: WireItem = { ...withVariants({ sku: { S: 'own' } }), sku: { S: 'X' } };
    expect(metadataOf(product).sku).toEqual({ S: 'X' });
    expect(valuesOf(product, 'sku')).toEqual([{ S: 'own' }]);
  });

  it.each<WireValue>([{ S: '' }, { NULL: true }])(
    'of the product that is %j stays, and one is made',
    (sku) => {
      expect(metadataOf({ ...plain, sku }).sku).toEqual(sku);
      expect(valuesOf({ ...plain, sku }, 'sku')).toEqual([{ S: 'RED-STANDARD-42' }]);
    },
  );

  it('of the product that is a number is InvalidVariant', () => {
    expect(codeOf({ ...plain, sku: { N: '7' } })).toBe('InvalidVariant');
  });

  it('given twice in one product is DuplicateSku', () => {
    expect(codeOf(withVariants({ sku: { S: 'X' } }, { sku: { S: 'X' } }))).toBe('DuplicateSku');
    expect(codeOf(withVariants({ sku: { S: 'X' } }, { sku: { S: 'x' } }))).toBe('none');
  });

  it('that is made gives way to a given one', () => {
    const product = withVariants({ size: { S: 'M' } }, { sku: { S: 'RED-M-42' } });
    expect(valuesOf(product, 'sku')).toEqual([{ S: 'RED-M-42-2' }, { S: 'RED-M-42' }]);
  });
});

describe('stock', () => {
  it.each([
    ['0', 'out_of_stock', false],
    ['1', 'low_stock', true],
    ['10', 'low_stock', true],
    ['11', 'in_stock', true],
    ['1E+30', 'in_stock', true],
    ['-0', 'out_of_stock', false],
    ['10.0', 'low_stock', true],
  ])('of %s is %s', (stock, stockStatus, isAvailable) => {
    expect(variantsOf({ ...plain, stock: { N: stock } })).toMatchObject([
      { stockQuantity: { N: stock }, stockStatus: { S: stockStatus }, isAvailable: { BOOL: isAvailable } },
    ]);
  });

  it('of the product moves to its only variant', () => {
    expect(Object.keys(metadataOf({ ...plain, stock: { N: '7' } }))).not.toContain('stock');
  });

  it.each<[WireItem, string]>([
    [{ stockQuantity: { N: '0' } }, '0'],
    [{ stockQuantity: { N: '7' } }, '7'],
    [{ stock: { N: '0' } }, '0'],
    [{ stockQuantity: { NULL: true }, stock: { N: '3' } }, '3'],
    [{ stockQuantity: { N: '4' }, stock: { N: '4.0' } }, '4'],
  ])('of the product, %j, counts for its only variant as %s and moves there', (stated, pieces) => {
    const product = { ...plain, ...stated };
    expect(valuesOf(product, 'stockQuantity')).toEqual([{ N: pieces }]);
    const kept = Object.entries(metadataOf(product)).filter(([name]) => /stock/i.test(name));
    expect(kept.filter(([, value]) => !('NULL' in value))).toEqual([]);
  });

  it('of the product is its stockQuantity when it has a stock as well, which then stays', () => {
    const product: WireItem = { ...plain, stockQuantity: { N: '0' }, stock: { N: '9' } };
    expect(valuesOf(product, 'stockQuantity')).toEqual([{ N: '0' }]);
    expect(metadataOf(product).stock).toEqual({ N: '9' });
  });

  it.each(['stock', 'stockQuantity'])(
    'of 0 in the product’s %s leaves none of several variants in stock',
    (name) => {
      const product: WireItem = {
        ...withVariants({ size: { S: 'M' } }, { stock: { N: '3' } }),
        [name]: { N: '0' },
      };
      expect(valuesOf(product, 'stockQuantity')).toEqual([{ N: '0' }, { N: '3' }]);
      expect(valuesOf(product, 'stockStatus')).toEqual([{ S: 'out_of_stock' }, { S: 'low_stock' }]);
      expect(metadataOf(product)[name]).toEqual({ N: '0' });
    },
  );

  it('of the product stays when there are several variants, whatever it is', () => {
    const product: WireItem = { ...plain, stock: { S: 'plenty' }, sizes: { SS: ['M', 'S'] } };
    expect(metadataOf(product).stock).toEqual({ S: 'plenty' });
    expect(valuesOf(product, 'stockQuantity')).toEqual([{ N: '50' }, { N: '50' }]);
  });

  it('of the product stays when its only variant has another', () => {
    const product: WireItem = { ...withVariants({ stock: { N: '3' } }), stock: { N: '7' } };
    expect(metadataOf(product).stock).toEqual({ N: '7' });
    expect(variantsOf(product)).toMatchObject([{ stockQuantity: { N: '3' } }]);
    expect(Object.keys(variantsOf(product)[0] ?? {})).not.toContain('stock');
  });

  it('stays beside a stockQuantity, which wins', () => {
    expect(variantsOf(withVariants({ stock: { S: 'x' }, stockQuantity: { N: '3' } }))).toMatchObject([
      { stock: { S: 'x' }, stockQuantity: { N: '3' }, stockStatus: { S: 'low_stock' } },
    ]);
  });

  it.each<WireValue>([{ N: '1.5' }, { N: '-1' }, { S: '5' }])('of %j is InvalidVariant', (stock) => {
    expect(codeOf({ ...plain, stock })).toBe('InvalidVariant');
  });

  it('is judged by the variant’s own threshold', () => {
    const product = withVariants({ stock: { N: '5' }, lowStockThreshold: { N: '4' } });
    expect(valuesOf(product, 'stockStatus')).toEqual([{ S: 'in_stock' }]);
  });
});

describe('a product that is given up', () => {
  it.each<[string, WireItem]>([
    ['MissingId', { name: { S: 'x' }, price: { N: '1' } }],
    ['MissingId', { ...plain, id: { N: '1' } }],
    ['MissingId', { ...plain, id: { S: '' } }],
    ['MissingName', { id: { S: '1' }, price: { N: '1' } }],
    ['MissingName', { ...plain, name: { S: '' } }],
    ['MissingName', { ...plain, name: { S: ' \t' } }],
    ['MissingName', { ...plain, name: { N: '1' } }],
    ['KeyTooLong', { ...plain, id: { S: 'x'.repeat(2041) } }],
    ['KeyTooLong', { ...plain, sku: { S: 'x'.repeat(1017) } }],
    ['ItemTooLarge', { ...plain, text: { S: 'x'.repeat(400 * 1024 - 200) } }],
    ['ItemTooLarge', withVariants({ text: { S: 'x'.repeat(400 * 1024 - 100) } })],
  ])('is %s', (code, product) => {
    expect(codeOf(product)).toBe(code);
  });

  it('is not what makes an item of exactly 400 KB', () => {
    const sizeWith = (text: string): number => {
      const result = productToItems({ ...plain, text: { S: text } }, sampleContext);
      return itemSizeBytes((result.kind === 'items' ? result.items[0] : undefined) ?? {});
    };
    const room = 400 * 1024 - sizeWith('');
    expect(sizeWith('x'.repeat(room))).toBe(400 * 1024);
    expect(codeOf({ ...plain, text: { S: 'x'.repeat(room + 1) } })).toBe('ItemTooLarge');
  });

  it.each(['PK', 'SK', 'productId', 'availableSizes', 'migrationRun', 'migrationDigest'])(
    'is ReservedAttribute for its %s',
    (name) => {
      expect(codeOf({ ...plain, [name]: { S: 'x' } })).toBe('ReservedAttribute');
    },
  );

  it('is named by its id and by the attribute, and by no value', () => {
    const result = productToItems({ ...plain, PK: { S: 'secret' }, SK: { S: 'secret' } }, sampleContext);
    expect(result).toEqual({
      kind: 'quarantined',
      code: 'ReservedAttribute',
      sentence: 'Product "42" has PK, SK, which the new data model uses itself.',
    });
  });

  it('is not one whose keys are as long as they may be', () => {
    expect(codeOf({ ...plain, id: { S: 'x'.repeat(2040) }, sku: { S: 'y'.repeat(1016) } })).toBe('none');
  });
});
