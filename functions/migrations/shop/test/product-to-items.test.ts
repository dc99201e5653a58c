import { describe, expect, it } from 'vitest';
import { productToItems } from '../../../../test/support/shop.ts';
import { itemDigest } from '../../../shared/items/digest.ts';
import type { WireItem, WireValue } from '../../../shared/items/wire-item.ts';
import { sampleContext } from '../../../../test/support/sample-context.ts';
import { codeOf, itemsOf, metadataOf, plain, valuesOf, variantsOf, withVariants } from './transformed.ts';

const { runId, startedAt } = sampleContext;

describe('a plain product', () => {
  it('becomes one METADATA and one VARIANT of size standard', () => {
    expect(itemsOf(plain)).toEqual([
      {
        PK: { S: 'PRODUCT#42' },
        SK: { S: 'METADATA' },
        productId: { S: '42' },
        id: { S: '42' },
        name: { S: 'Red shoe' },
        slug: { S: 'red-shoe-42-73475cb4' },
        images: { L: [] },
        availableSizes: { L: [{ S: 'standard' }] },
        status: { S: 'active' },
        createdAt: { S: startedAt },
        updatedAt: { S: startedAt },
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
        updatedAt: { S: startedAt },
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
      '{"a.b":{"B":"AQ=="},"__proto__":{"S":"p"},"constructor":{"NS":["1.0"]},"empty":{"S":""},"deep":{"M":{"l":{"L":[{"NULL":true}]}}},"big":{"N":"99999999999999999999999999999999999999"},"size":{"N":"1"}}',
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

  it('keeps images when it has both image and images', () => {
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

  it.each<WireValue>([{ S: 'M' }, { NS: ['1'] }, { M: {} }, { L: [{ N: '42' }] }, { L: [{ S: '' }] }])(
    '%j are InvalidVariant',
    (sizes) => {
      expect(codeOf({ ...plain, sizes })).toBe('InvalidVariant');
    },
  );
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

  it('keep what they say themselves when it would have been made', () => {
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

  it.each<WireValue>([{ S: 'none' }, { M: {} }, { SS: ['a'] }, { L: [{ M: {} }, { S: 'a' }] }])(
    '%j are InvalidVariant',
    (variants) => {
      expect(codeOf({ ...plain, variants })).toBe('InvalidVariant');
    },
  );

  it.each<WireItem>([
    { size: { S: '' } },
    { size: { N: '42' } },
    { sku: { S: '' } },
    { sku: { N: '7' } },
    { stock: { N: '1.5' } },
    { stock: { N: '-1' } },
    { stock: { S: '7' } },
    { stockQuantity: { S: '7' } },
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
