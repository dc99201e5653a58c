import { productToItems } from '../../../../test/support/shop.ts';
import { type WireItem, type WireValue, wireItem } from '../../../shared/items/wire-item.ts';
import { sampleContext } from '../../../../test/support/sample-context.ts';

/** The smallest product that can be migrated. */
export const plain: WireItem = { id: { S: '42' }, name: { S: 'Red shoe' }, price: { S: '165' } };

/** The item without one attribute. */
export const without = (item: WireItem, left: string): WireItem => ({
  ...wireItem(Object.entries(item).filter(([name]) => name !== left)),
});

/** The product's items without their digests. */
export function itemsOf(product: WireItem): WireItem[] {
  const result = productToItems(product, sampleContext);
  if (result.kind === 'quarantined') throw new Error(`${result.code}: ${result.sentence}`);
  return result.items.map((item) => without(item, 'migrationDigest'));
}

export const metadataOf = (product: WireItem): WireItem => itemsOf(product)[0] ?? {};
export const variantsOf = (product: WireItem): WireItem[] => itemsOf(product).slice(1);

/** One attribute of every variant. */
export const valuesOf = (product: WireItem, name: string): (WireValue | undefined)[] =>
  variantsOf(product).map((variant) => variant[name]);

/** The plain product with these source variants. */
export function withVariants(...variants: WireItem[]): WireItem {
  return { ...plain, variants: { L: variants.map((M) => ({ M })) } };
}

/** The product's quarantine code, or `none`. */
export function codeOf(product: WireItem): string {
  const result = productToItems(product, sampleContext);
  return result.kind === 'quarantined' ? result.code : 'none';
}
