import type * as fc from 'fast-check';
import { productToItems } from '../../../../test/support/shop.ts';
import type { WireItem } from '../../../shared/items/wire-item.ts';
import { arbitraryProduct } from '../../../../test/support/arbitrary-items.ts';
import { sampleContext } from '../../../../test/support/sample-context.ts';

/** A product that can be migrated, and the items that it becomes. */
export interface MigratedProduct {
  readonly product: WireItem;
  readonly items: readonly WireItem[];
}

/** Any product that the transform accepts, with the items that it makes in the sample context. */
export const migratedProduct: fc.Arbitrary<MigratedProduct> = arbitraryProduct
  .map((product) => ({ product, result: productToItems(product, sampleContext) }))
  .map(({ product, result }) => ({ product, items: result.kind === 'items' ? result.items : [] }))
  .filter(({ items }) => items.length > 0);
