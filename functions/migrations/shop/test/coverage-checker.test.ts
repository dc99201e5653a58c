import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { productToItems } from '../../../../test/support/shop.ts';
import { type WireItem, type WireValue, wireItem } from '../../../shared/items/wire-item.ts';
import { migratedProduct } from './migrated-product.ts';
import { coverageGaps } from '../../../../test/support/coverage-checker.ts';
import { sampleContext } from '../../../../test/support/sample-context.ts';

const INVENTED: WireValue = { S: 'out of nowhere' };

const without = (item: WireItem, left: string): WireItem =>
  wireItem(Object.entries(item).filter(([name]) => name !== left));
const changed = (item: WireItem, name: string): WireItem =>
  wireItem([...Object.entries(item), [name, { L: [INVENTED] }]]);

/** The name of an attribute that METADATA has from the source, where a NULL says nothing; which one, `choice` says. */
function keptAttribute(metadata: WireItem, product: WireItem, choice: number): string {
  const said = Object.entries(product).filter(([, value]) => !('NULL' in value));
  const names = said.flatMap(([name]) => (Object.hasOwn(metadata, name) ? name : []));
  return names[choice % names.length] ?? 'id';
}

/** Spoils the items of many products, and returns the first product of which the checker does not see it. */
function firstUnseen(
  spoil: (items: readonly WireItem[], product: WireItem, choice: number) => WireItem[],
): WireItem | undefined {
  const cases = fc.sample(fc.tuple(migratedProduct, fc.nat()), 300);
  return cases.find(
    ([{ product, items }, choice]) => coverageGaps(product, spoil(items, product, choice)).length === 0,
  )?.[0].product;
}

describe('the coverage checker', () => {
  it('sees that METADATA lacks an attribute of the source', () => {
    const unseen = firstUnseen(([metadata = {}, ...variants], product, choice) => [
      without(metadata, keptAttribute(metadata, product, choice)),
      ...variants,
    ]);
    expect(unseen).toBeUndefined();
  });

  it('sees that METADATA changed an attribute of the source', () => {
    const unseen = firstUnseen(([metadata = {}, ...variants], product, choice) => [
      changed(metadata, keptAttribute(metadata, product, choice)),
      ...variants,
    ]);
    expect(unseen).toBeUndefined();
  });

  it('sees that a variant’s price is not the source’s', () => {
    const unseen = firstUnseen(([metadata = {}, variant = {}, ...others]) => [
      metadata,
      wireItem([...Object.entries(variant), ['price', { N: '123456789' }]]),
      ...others,
    ]);
    expect(unseen).toBeUndefined();
  });

  it('sees that a variant is missing, or there twice', () => {
    expect(firstUnseen((items) => items.slice(0, -1))).toBeUndefined();
    expect(firstUnseen((items) => [...items, ...items.slice(-1)])).toBeUndefined();
  });

  it('sees an attribute that nobody made', () => {
    const unseen = firstUnseen((items, _, choice) =>
      items.map((item, index) => (index === choice % items.length ? changed(item, 'out of nowhere') : item)),
    );
    expect(unseen).toBeUndefined();
  });

  it('sees that a source variant’s own attribute is lost', () => {
    const product: WireItem = {
      id: { S: '1' },
      name: { S: 'Shoe' },
      price: { N: '1' },
      variants: { L: [{ M: { size: { S: 'M' }, colour: { S: 'red' } } }, { M: { size: { S: 'L' } } }] },
    };
    const result = productToItems(product, sampleContext);
    const items = result.kind === 'items' ? result.items : [];
    expect(coverageGaps(product, items)).toEqual([]);
    expect(
      coverageGaps(
        product,
        items.map((item) => without(item, 'colour')),
      ),
    ).toEqual(['1 source variants have no VARIANT that covers them']);
  });
});
