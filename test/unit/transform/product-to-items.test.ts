import { describe, expect, it } from 'vitest';
import { productToItems } from '../../../functions/shared/transform/product-to-items.ts';
import { itemDigest } from '../../../functions/shared/wire/digest.ts';
import { type WireItem, type WireValue, wireItem } from '../../../functions/shared/wire/wire-item.ts';
import { sampleContext } from '../../support/sample-context.ts';

const { runId, runStartedAt } = sampleContext;
const plain: WireItem = { id: { S: '42' }, name: { S: 'Red shoe' }, price: { S: '165' } };

const without = (item: WireItem, left: string): WireItem => ({
  ...wireItem(Object.entries(item).filter(([name]) => name !== left)),
});

/** The product's items without their digests, which the property tests look at. */
function itemsOf(product: WireItem): WireItem[] {
  const result = productToItems(product, sampleContext);
  if (result.kind === 'quarantined') throw new Error(`${result.code}: ${result.sentence}`);
  return result.items.map((item) => without(item, 'migrationDigest'));
}

const metadataOf = (product: WireItem): WireItem => itemsOf(product)[0] ?? {};
const variantsOf = (product: WireItem): WireItem[] => itemsOf(product).slice(1);
const valuesOf = (product: WireItem, name: string): (WireValue | undefined)[] =>
  variantsOf(product).map((variant) => variant[name]);

function withVariants(...variants: WireItem[]): WireItem {
  return { ...plain, variants: { L: variants.map((M) => ({ M })) } };
}

function codeOf(product: WireItem): string {
  const result = productToItems(product, sampleContext);
  return result.kind === 'quarantined' ? result.code : 'none';
}

describe('a plain product', () => {
  it('becomes one METADATA and one VARIANT of size standard', () => {
    expect(itemsOf(plain)).toEqual([
      {
        PK: { S: 'PRODUCT#42' },
        SK: { S: 'METADATA' },
        productId: { S: '42' },
        id: { S: '42' },
        name: { S: 'Red shoe' },
        slug: { S: 'red-shoe-42' },
        images: { L: [] },
        availableSizes: { L: [{ S: 'standard' }] },
        status: { S: 'active' },
        createdAt: { S: runStartedAt },
        updatedAt: { S: runStartedAt },
        migrationRun: { S: runId },
      },
      {
        PK: { S: 'PRODUCT#42' },
        SK: { S: 'VARIANT#RED-STANDARD-42' },
        productId: { S: '42' },
        sku: { S: 'RED-STANDARD-42' },
        size: { S: 'standard' },
        price: { N: '16500' },
        currency: { S: 'INR' },
        stockQuantity: { N: '50' },
        lowStockThreshold: { N: '10' },
        stockStatus: { S: 'in_stock' },
        isAvailable: { BOOL: true },
        updatedAt: { S: runStartedAt },
        migrationRun: { S: runId },
      },
    ]);
  });

  it('carries the digest of its other attributes on every item', () => {
    const result = productToItems(plain, sampleContext);
    const items = result.kind === 'items' ? result.items : [];
    expect(items.map((item) => item.migrationDigest)).toEqual(
      itemsOf(plain).map((item) => ({ S: itemDigest(item) })),
    );
  });

  it('keeps every attribute it does not know, of any type, verbatim', () => {
    const unknown: WireItem = JSON.parse(
      '{"a.b":{"B":"AQ=="},"__proto__":{"S":"p"},"constructor":{"NS":["1.0"]},"empty":{"S":""},"deep":{"M":{"l":{"L":[{"NULL":true}]}}},"big":{"N":"99999999999999999999999999999999999999"},"stockQuantity":{"S":"x"},"size":{"N":"1"}}',
    );
    const metadata = metadataOf({ ...plain, ...unknown });
    for (const name of Object.keys(unknown)) expect([name, metadata[name]]).toEqual([name, unknown[name]]);
    expect(Object.keys(metadata)).toContain('__proto__');
  });

  it.each(['slug', 'images', 'status', 'createdAt', 'updatedAt', 'image', 'currency'])(
    'keeps a %s of an odd type',
    (name) => {
      const odd: WireValue = { M: { x: { NULL: true } } };
      expect(metadataOf({ ...plain, [name]: odd })[name]).toEqual(odd);
    },
  );

  it('makes images from image, and keeps image', () => {
    const metadata = metadataOf({ ...plain, image: { S: 'a.jpg' } });
    expect(metadata.images).toEqual({ L: [{ S: 'a.jpg' }] });
    expect(metadata.image).toEqual({ S: 'a.jpg' });
  });

  it('keeps images where it has both image and images', () => {
    const images: WireValue = { SS: ['b.jpg'] };
    expect(metadataOf({ ...plain, image: { S: 'a.jpg' }, images }).images).toEqual(images);
  });

  it.each<WireValue>([{ S: '' }, { NULL: true }])('makes no image from %j', (image) => {
    expect(metadataOf({ ...plain, image })).toMatchObject({ image, images: { L: [] } });
  });

  it('gives its variants its own time of change and its own currency', () => {
    const product: WireItem = { ...plain, updatedAt: { N: '1700000000' }, currency: { S: 'EUR' } };
    expect(variantsOf(product)).toMatchObject([{ updatedAt: { N: '1700000000' }, currency: { S: 'EUR' } }]);
  });
});

describe('sizes', () => {
  it('become one variant each, in the order of the list', () => {
    const product: WireItem = { ...plain, sizes: { L: [{ S: 'M' }, { S: 'S' }] } };
    expect(valuesOf(product, 'SK')).toEqual([{ S: 'VARIANT#RED-M-42' }, { S: 'VARIANT#RED-S-42' }]);
    expect(metadataOf(product).availableSizes).toEqual({ L: [{ S: 'M' }, { S: 'S' }] });
    expect(Object.keys(metadataOf(product))).not.toContain('sizes');
  });

  it('come sorted from a set, which has no order', () => {
    expect(valuesOf({ ...plain, sizes: { SS: ['b', 'a'] } }, 'size')).toEqual([{ S: 'a' }, { S: 'b' }]);
  });

  it('that are the same make SKUs with numbers', () => {
    const product: WireItem = { ...plain, sizes: { L: [{ S: 'M' }, { S: 'm' }, { S: 'M' }] } };
    expect(valuesOf(product, 'sku')).toEqual([{ S: 'RED-M-42' }, { S: 'RED-M-42-2' }, { S: 'RED-M-42-3' }]);
    expect(valuesOf(product, 'size')).toEqual([{ S: 'M' }, { S: 'm' }, { S: 'M' }]);
  });

  it('of an empty list stay where they are, and say nothing', () => {
    const product: WireItem = { ...plain, sizes: { L: [] }, variants: { L: [] } };
    expect(metadataOf(product)).toMatchObject({ sizes: { L: [] }, variants: { L: [] } });
    expect(valuesOf(product, 'size')).toEqual([{ S: 'standard' }]);
  });

  it.each<WireValue>([{ L: [{ S: 'M' }, { S: 'L' }] }, { SS: ['L', 'M'] }])(
    '%j beside equal variants are moved',
    (sizes) => {
      const product: WireItem = { ...withVariants({ size: { S: 'M' } }, { size: { S: 'L' } }), sizes };
      expect(Object.keys(metadataOf(product))).not.toContain('sizes');
    },
  );

  it.each<WireValue>([{ L: [{ S: 'M' }] }, { L: [{ S: 'L' }, { S: 'M' }] }, { SS: ['M'] }, { NULL: true }])(
    '%j beside other variants stay verbatim',
    (sizes) => {
      const product: WireItem = { ...withVariants({ size: { S: 'M' } }, { size: { S: 'L' } }), sizes };
      expect(metadataOf(product).sizes).toEqual(sizes);
      expect(variantsOf(product)).toHaveLength(2);
    },
  );

  it.each<WireValue>([
    { S: 'M' },
    { NS: ['1'] },
    { NULL: true },
    { M: {} },
    { L: [{ N: '42' }] },
    { L: [{ S: '' }] },
  ])('%j are InvalidVariant', (sizes) => {
    expect(codeOf({ ...plain, sizes })).toBe('InvalidVariant');
  });
});

describe('variants', () => {
  it('keep their own attributes verbatim beside the made ones', () => {
    const own: WireItem = {
      sku: { S: 'a/1' },
      size: { S: 'M' },
      colour: { S: 'red' },
      weight: { N: '1.50' },
      availableSizes: { NULL: true },
    };
    const product = withVariants(own);
    expect(variantsOf(product)).toMatchObject([{ ...own, SK: { S: 'VARIANT#a/1' } }]);
    expect(Object.keys(metadataOf(product))).not.toContain('variants');
  });

  it('keep what they say themselves where it would have been made', () => {
    const own: WireItem = {
      currency: { S: 'USD' },
      lowStockThreshold: { N: '99' },
      stockStatus: { S: 'discontinued' },
      isAvailable: { BOOL: false },
      updatedAt: { S: 'yesterday' },
    };
    expect(variantsOf(withVariants(own))).toMatchObject([own]);
  });

  it('without a size are of size standard', () => {
    expect(valuesOf(withVariants({ colour: { S: 'red' } }, { colour: { S: 'blue' } }), 'sku')).toEqual([
      { S: 'RED-STANDARD-42' },
      { S: 'RED-STANDARD-42-2' },
    ]);
  });

  it.each<WireValue>([
    { S: 'none' },
    { NULL: true },
    { M: {} },
    { SS: ['a'] },
    { L: [{ M: {} }, { S: 'a' }] },
  ])('%j are InvalidVariant', (variants) => {
    expect(codeOf({ ...plain, variants })).toBe('InvalidVariant');
  });

  it.each<WireItem>([
    { size: { S: '' } },
    { size: { N: '42' } },
    { sku: { S: '' } },
    { sku: { NULL: true } },
    { sku: { N: '7' } },
    { stock: { N: '1.5' } },
    { stock: { N: '-1' } },
    { stock: { S: '7' } },
    { stockQuantity: { NULL: true } },
    { lowStockThreshold: { N: '0.1' } },
  ])('with %j are InvalidVariant', (own) => {
    expect(codeOf(withVariants(own))).toBe('InvalidVariant');
  });

  it.each(['PK', 'SK', 'productId', 'migrationRun', 'migrationDigest'])(
    'with a %s of their own are ReservedAttribute',
    (name) => {
      expect(codeOf(withVariants({ [name]: { S: 'x' } }))).toBe('ReservedAttribute');
    },
  );
});

describe('a price', () => {
  it('of the variant wins over the product’s, which moves to those without', () => {
    const product = withVariants({ price: { N: '9.99' } }, {});
    expect(valuesOf(product, 'price')).toEqual([{ N: '999' }, { N: '16500' }]);
    expect(Object.keys(metadataOf(product))).not.toContain('price');
  });

  it('of the product stays where no variant has it', () => {
    expect(metadataOf(withVariants({ price: { N: '9.99' } })).price).toEqual({ S: '165' });
  });

  it('of the product is moved where a variant has an equal one of its own', () => {
    expect(Object.keys(metadataOf(withVariants({ price: { N: '165.0' } })))).not.toContain('price');
  });

  it('of the product that nobody uses stays, whatever it is', () => {
    const product: WireItem = { ...withVariants({ price: { N: '1' } }), price: { S: 'on request' } };
    expect(metadataOf(product).price).toEqual({ S: 'on request' });
  });

  it('may be missing on the product where every variant has one', () => {
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
    expect(codeOf({ ...plain, compareAtPrice: { NULL: true } })).toBe('InvalidPrice');
    expect(codeOf(withVariants({ compareAtPrice: { S: '1.005' } }))).toBe('InvalidPrice');
  });
});

describe('a sku', () => {
  it('of the product goes to its only variant, verbatim', () => {
    const product: WireItem = { ...plain, sku: { S: 'bea-ess#1' } };
    expect(valuesOf(product, 'sku')).toEqual([{ S: 'bea-ess#1' }]);
    expect(Object.keys(metadataOf(product))).not.toContain('sku');
  });

  it('of the product stays where there are several variants', () => {
    const product: WireItem = { ...plain, sku: { S: 'X' }, sizes: { SS: ['M', 'S'] } };
    expect(metadataOf(product).sku).toEqual({ S: 'X' });
    expect(valuesOf(product, 'sku')).toEqual([{ S: 'RED-M-42' }, { S: 'RED-S-42' }]);
  });

  it('of the product stays where its only variant has another', () => {
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

  it('of the product stays where there are several variants, whatever it is', () => {
    const product: WireItem = { ...plain, stock: { S: 'plenty' }, sizes: { SS: ['M', 'S'] } };
    expect(metadataOf(product).stock).toEqual({ S: 'plenty' });
    expect(valuesOf(product, 'stockQuantity')).toEqual([{ N: '50' }, { N: '50' }]);
  });

  it('of the product stays where its only variant has another', () => {
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

  it.each<WireValue>([{ N: '1.5' }, { N: '-1' }, { S: '5' }, { NULL: true }])(
    'of %j is InvalidVariant',
    (stock) => {
      expect(codeOf({ ...plain, stock })).toBe('InvalidVariant');
    },
  );

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
