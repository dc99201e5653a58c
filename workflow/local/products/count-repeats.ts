import { printable } from '../../../functions/shared/printable.ts';
import { keyText } from '../../../functions/shared/items/item-key.ts';
import { shorten } from '../../../functions/shared/text.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { identityOf, SOURCE_KEY } from './source-key.ts';

/** Products that come with an id that an earlier one has had. */
export interface Repeats {
  count: number;
  /** The first such id. */
  firstId?: string;
}

/** Hands products through and counts into `repeats` those that a table cannot hold beside an earlier one. */
export async function* countRepeats(
  products: AsyncIterable<WireItem>,
  repeats: Repeats,
): AsyncGenerator<WireItem> {
  const seen = new Set<string>();
  for await (const product of products) {
    const id = identityOf(product);
    if (id !== undefined && seen.has(id)) {
      repeats.count += 1;
      repeats.firstId ??= keyText(product, SOURCE_KEY);
    }
    if (id !== undefined) seen.add(id);
    yield product;
  }
}

/** A warning for the operator; `undefined` if every id is unique. */
export function repeatsSentence({ count, firstId = '' }: Repeats, file: string): string | undefined {
  if (count === 0) return undefined;
  const [products, fewer] =
    count === 1 ? ['1 product', 'one'] : [`${count.toLocaleString('en-US')} products`, 'that many'];
  return `${products} of ${file} ${count === 1 ? 'has' : 'have'} an id that an earlier one has (the first is "${printable(shorten(firstId, 80))}"). A table holds one product for each id, so the shop has ${fewer} fewer than the file. Give each product an id of its own to have them all.`;
}
