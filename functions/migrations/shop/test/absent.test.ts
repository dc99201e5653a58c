import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { productToItems } from '../../../../test/support/shop.ts';
import { makeSku } from '../sku.ts';
import { canonicalJson } from '../../../shared/items/canonical-json.ts';
import { stringAttribute, type WireItem, wireItem } from '../../../shared/items/wire-item.ts';
import { arbitraryProduct } from '../../../../test/support/arbitrary-items.ts';
import { sampleContext } from '../../../../test/support/sample-context.ts';
import { metadataOf, plain, valuesOf, variantsOf, withVariants } from './transformed.ts';

const RUNS = { numRuns: process.env['STRYKER_MUTATOR_WORKER'] === undefined ? 1000 : 30 };
const NULL = { NULL: true } as const;

/** Names that the transform reads or makes. */
const KNOWN =
  'name price compareAtPrice sizes variants sku stock stockQuantity image images slug status createdAt updatedAt currency PK SK productId availableSizes migrationRun migrationDigest'.split(
    ' ',
  );
const KNOWN_IN_VARIANT =
  'sku size price compareAtPrice stock stockQuantity lowStockThreshold stockStatus isAvailable currency updatedAt PK SK productId migrationRun migrationDigest'.split(
    ' ',
  );

const without = (item: WireItem, ...names: readonly string[]): WireItem =>
  wireItem(Object.entries(item).filter(([name]) => !names.includes(name)));

/** What becomes of a product, without the attributes that say nothing. */
function outcomeOf(product: WireItem): string | readonly string[] {
  const result = productToItems(product, sampleContext);
  if (result.kind !== 'items') return result.sentence;
  return result.items.map((item) => {
    const said = Object.entries(without(item, 'migrationDigest')).filter(([, value]) => !('NULL' in value));
    return canonicalJson(wireItem(said));
  });
}

describe('NULL', () => {
  it('in any attribute of a product means that the product has none', () => {
    fc.assert(
      fc.property(arbitraryProduct, fc.constantFrom(...KNOWN), (product, name) => {
        expect(outcomeOf({ ...product, [name]: NULL })).toEqual(outcomeOf(without(product, name)));
      }),
      RUNS,
    );
  });

  it('in any attribute of a variant means that the variant has none', () => {
    fc.assert(
      fc.property(arbitraryProduct, fc.constantFrom(...KNOWN_IN_VARIANT), (product, name) => {
        const { variants } = product;
        const given = variants !== undefined && 'L' in variants ? variants.L : [];
        const change = (alter: (own: WireItem) => WireItem): WireItem => ({
          ...product,
          variants: { L: given.map((one) => ('M' in one ? { M: alter(one.M) } : one)) },
        });
        const nulled = outcomeOf(change((own) => ({ ...own, [name]: NULL })));
        expect(nulled).toEqual(outcomeOf(change((own) => without(own, name))));
      }),
      RUNS,
    );
  });

  it('gives way to what is made of a product', () => {
    const product = { ...plain, slug: NULL, status: NULL, images: NULL, createdAt: NULL, updatedAt: NULL };
    expect(metadataOf(product)).toEqual(metadataOf(plain));
  });

  it('stays when nothing is made in its place', () => {
    const product = { ...plain, compareAtPrice: NULL, sizes: NULL, variants: NULL, other: NULL };
    expect(metadataOf(product)).toMatchObject({
      compareAtPrice: NULL,
      sizes: NULL,
      variants: NULL,
      other: NULL,
    });
    expect(variantsOf(product)).toEqual(variantsOf(plain));
  });

  it('among variants and sizes is none of them', () => {
    const product: WireItem = { ...plain, variants: { L: [NULL, { M: { size: { S: 'M' }, note: NULL } }] } };
    expect(variantsOf(product)).toMatchObject([{ size: { S: 'M' }, note: NULL }]);
    const sized: WireItem = { ...plain, sizes: { L: [NULL, { S: 'M' }] } };
    expect(valuesOf(sized, 'size')).toEqual([{ S: 'M' }]);
  });

  it('in a variant’s price, stock and sku takes the product’s', () => {
    const own = {
      sku: NULL,
      price: NULL,
      stock: NULL,
      stockQuantity: NULL,
      size: NULL,
      compareAtPrice: NULL,
    };
    const product: WireItem = { ...withVariants(own), sku: { S: 'P' }, stock: { N: '4' } };
    expect(variantsOf(product)).toMatchObject([
      { sku: { S: 'P' }, price: { N: '16500' }, stockQuantity: { N: '4' }, size: { S: 'standard' } },
    ]);
    expect(Object.keys(variantsOf(product)[0] ?? {})).not.toContain('compareAtPrice');
  });
});

/** Ids that look alike once only letters and digits are left of them. */
const alikeIds = fc.uniqueArray(
  fc
    .array(fc.constantFrom('a', 'A', '1', '-', '_', '/', ' ', 'é', 'É', 'ß', 'ss'), {
      minLength: 1,
      maxLength: 4,
    })
    .map((parts) => parts.join('')),
  { maxLength: 40 },
);

describe('a made SKU', () => {
  it('differs over the products a-1, a1, A1 and A-1', () => {
    const skus = ['a-1', 'a1', 'A1', 'A-1'].map((id) => makeSku({ name: 'Red', size: 'M', id }));
    expect(new Set(skus).size).toBe(4);
    expect(skus[2]).toBe('RED-M-A1');
  });

  it('is shared by no two products, whatever their ids, and however many equal sizes they have', () => {
    fc.assert(
      fc.property(alikeIds, fc.integer({ min: 1, max: 3 }), (ids, copies) => {
        const skus = ids.flatMap((id) =>
          valuesOf(
            { ...plain, id: { S: id }, sizes: { L: Array.from({ length: copies }, () => ({ S: 'M' })) } },
            'sku',
          ),
        );
        const texts = skus.map((sku) => (sku !== undefined && 'S' in sku ? sku.S : ''));
        expect(new Set(texts).size).toBe(ids.length * copies);
      }),
      RUNS,
    );
  });
});

describe('a made slug', () => {
  it('is none that another product may well come with', () => {
    const made = stringAttribute(metadataOf({ ...plain, id: { S: '1' }, name: { S: 'x' } }), 'slug');
    const given = stringAttribute(metadataOf({ ...plain, id: { S: '2' }, slug: { S: 'x-1' } }), 'slug');
    expect(given).toBe('x-1');
    expect(made).toMatch(/^x-1-[0-9a-f]{8}$/);
  });

  it('is shared by no two products, whatever their ids', () => {
    fc.assert(
      fc.property(alikeIds, (ids) => {
        const slugs = ids.map((id) => stringAttribute(metadataOf({ ...plain, id: { S: id } }), 'slug'));
        expect(new Set(slugs).size).toBe(ids.length);
      }),
      RUNS,
    );
  });
});
