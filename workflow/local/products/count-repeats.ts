import { migration } from '#migration/index.ts';
import { countedAs } from '../../../functions/shared/counted.ts';
import { printable } from '../../../functions/shared/printable.ts';
import { keyText } from '../../../functions/shared/items/item-key.ts';
import { shorten } from '../../../functions/shared/text.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { identityOf, SOURCE_KEY } from './source-key.ts';

/** Source items that come with a key that an earlier one has had. */
export interface Repeats {
  count: number;
  /** The first such key. */
  firstKey?: string;
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
      repeats.firstKey ??= keyText(product, SOURCE_KEY);
    }
    if (id !== undefined) seen.add(id);
    yield product;
  }
}

/** A warning for the operator; `undefined` if every key is unique. */
export function repeatsSentence({ count, firstKey = '' }: Repeats, file: string): string | undefined {
  if (count === 0) return undefined;
  const { nouns } = migration;
  const fewer = count === 1 ? 'one' : 'that many';
  return `${countedAs(nouns, count)} of ${file} ${count === 1 ? 'has' : 'have'} a key that an earlier one has (the first is "${printable(shorten(firstKey, 80))}"). A table holds one ${nouns.item} for each key, so it has ${fewer} fewer than the file. Give each ${nouns.item} a key of its own to have them all.`;
}
