import { describe, expect, it } from 'vitest';
import { productToItems } from '../../../../test/support/shop.ts';
import { canonicalJson } from '../../../shared/items/canonical-json.ts';
import type { WireItem } from '../../../shared/items/wire-item.ts';
import { generateProducts } from '../../../../workflow/local/products/generate-products.ts';
import { sampleContext } from '../../../../test/support/sample-context.ts';

const awkward = JSON.parse(
  '{"id":{"S":"a\\"b\\u2028"},"name":{"S":"x"},"price":{"N":"1.50"},"__proto__":{"M":{"constructor":{"NULL":true}}},"set":{"NS":["1.0","2"]}}',
) as WireItem;

describe('the texts of the items', () => {
  it('are the items in canonical JSON, to the byte', () => {
    const products = [awkward, ...generateProducts({ count: 200 })];
    for (const product of products) {
      const result = productToItems(product, sampleContext);
      if (result.kind !== 'items') throw new Error(result.sentence);
      expect(result.texts).toEqual(result.items.map(canonicalJson));
    }
  });
});
