import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { productToItems } from '../../../../test/support/shop.ts';
import type { TransformResult } from '../../../../test/support/shop.ts';
import { canonicalJson } from '../../../shared/items/canonical-json.ts';
import { itemDigest } from '../../../shared/items/digest.ts';
import { itemSizeBytes, MAX_ITEM_BYTES } from '../../../shared/items/item-size.ts';
import { stringAttribute, type WireItem, wireItem } from '../../../shared/items/wire-item.ts';
import { arbitraryItem, arbitraryProduct } from '../../../../test/support/arbitrary-items.ts';
import { coverageGaps } from '../../../../test/support/coverage-checker.ts';
import { migratedProduct } from './migrated-product.ts';
import { sampleContext } from '../../../../test/support/sample-context.ts';

const CODES =
  'MissingId MissingName InvalidPrice InvalidVariant DuplicateSku ReservedAttribute ItemTooLarge KeyTooLong'.split(
    ' ',
  );
/** Under mutation each mutant meets every test: a few cases tell it from the original as well. */
const RUNS = { numRuns: process.env['STRYKER_MUTATOR_WORKER'] === undefined ? 1000 : 30 };

const parse = (json: string): WireItem => JSON.parse(json);
const withoutDigest = (item: WireItem): WireItem =>
  wireItem(Object.entries(item).filter(([name]) => name !== 'migrationDigest'));

/** What a result says, free of the order of attributes. */
function outcomeOf(result: TransformResult): string | readonly string[] {
  return result.kind === 'items' ? result.items.map(canonicalJson) : result.sentence;
}

/** Calls `assess` with the items of every product that can be migrated. */
function forEveryMigratedProduct(assess: (items: readonly WireItem[], product: WireItem) => void): void {
  fc.assert(
    fc.property(migratedProduct, ({ product, items }) => {
      assess(items, product);
    }),
    RUNS,
  );
}

describe('the transform of any product', () => {
  it('loses, changes and invents nothing', () => {
    forEveryMigratedProduct((items, product) => {
      expect(coverageGaps(product, items)).toEqual([]);
    });
  });

  it('gives every item a key of its own', () => {
    forEveryMigratedProduct((items) => {
      const keys = items.map((item) => JSON.stringify([item.PK, item.SK]));
      expect(new Set(keys).size).toBe(items.length);
    });
  });

  it('gives the same bytes for the same product in the same run', () => {
    fc.assert(
      fc.property(arbitraryProduct, (product) => {
        const again = parse(JSON.stringify(product));
        const bytes = JSON.stringify(productToItems(product, sampleContext));
        expect(JSON.stringify(productToItems(again, sampleContext))).toBe(bytes);
      }),
      RUNS,
    );
  });

  it('gives equal items whatever order the product’s attributes come in', () => {
    fc.assert(
      fc.property(arbitraryProduct, (product) => {
        const turned = wireItem(Object.entries(product).toReversed());
        const [one, other] = [product, turned].map((each) => outcomeOf(productToItems(each, sampleContext)));
        expect(other).toEqual(one);
      }),
      RUNS,
    );
  });

  it('leaves the product itself untouched', () => {
    fc.assert(
      fc.property(arbitraryProduct, (product) => {
        const before = JSON.stringify(product);
        productToItems(product, sampleContext);
        expect(JSON.stringify(product)).toBe(before);
      }),
    );
  });

  it('marks every item with its run and with the digest of its other attributes', () => {
    forEveryMigratedProduct((items) => {
      for (const item of items) {
        expect(stringAttribute(item, 'migrationRun')).toBe(sampleContext.runId);
        expect(stringAttribute(item, 'migrationDigest')).toBe(itemDigest(withoutDigest(item)));
      }
    });
  });

  it('makes no item that DynamoDB would refuse for its size', () => {
    forEveryMigratedProduct((items) => {
      for (const item of items) expect(itemSizeBytes(item)).toBeLessThanOrEqual(MAX_ITEM_BYTES);
    });
  });

  it('lists the sizes of its variants in their order', () => {
    forEveryMigratedProduct(([metadata = {}, ...variants]) => {
      expect(metadata.availableSizes).toEqual({ L: variants.map((variant) => variant.size) });
    });
  });

  it('says why, with a code and without a value, when it gives a product up', () => {
    fc.assert(
      fc.property(fc.oneof(arbitraryProduct, arbitraryItem), (product) => {
        const result = productToItems(product, sampleContext);
        if (result.kind === 'items') return;
        expect(CODES).toContain(result.code);
        expect(result.sentence).toMatch(
          /^(A product|A variant of Product|A lowStockThreshold of Product|A stock of Product|The price of Product|The compareAtPrice of Product|Variant \d+ of Product|Product) .*\.$/su,
        );
        expect(result.sentence.length).toBeLessThan(600);
      }),
      RUNS,
    );
  });

  it('gives no two products the same slug', () => {
    const slugs = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(slugs, fc.constantFrom('Red shoe', 'red-shoe', 'a', '!'), (ids, name) => {
        const made = ids.map((id) => {
          const result = productToItems(
            { id: { S: id }, name: { S: name }, price: { N: '1' } },
            sampleContext,
          );
          return result.kind === 'items' ? stringAttribute(result.items[0] ?? {}, 'slug') : undefined;
        });
        expect(new Set(made).size).toBe(ids.length);
      }),
    );
  });
});
