import { hash } from 'node:crypto';
import { canonicalJson } from '../../shared/items/canonical-json.ts';
import { MAX_ITEM_BYTES } from '../../shared/items/item-size.ts';
import type { WireItem } from '../../shared/items/wire-item.ts';
import { refuseLongKeys, refuseOversized } from './limits.ts';
import type { TransformedItems } from './transform-types.ts';

/** A character takes three bytes at most, and the text of an item more of them than the item's bytes; a digest comes on top. */
const SURELY_SMALL_LENGTH = MAX_ITEM_BYTES / 3 - 100;

/**
 * The last step of every transform: each item gets its `migrationDigest`, over all its other attributes,
 * `migrationRun` among them. `label` begins a refusal's sentence.
 *
 * @throws ProductRefusal where DynamoDB would refuse an item
 */
export function finishItems(unfinished: readonly WireItem[], label: string): Omit<TransformedItems, 'kind'> {
  const finished = unfinished.map((item) => finish(item, label));
  return { items: finished.map(({ item }) => item), texts: finished.map(({ text }) => text) };
}

function finish(unfinished: WireItem, label: string): { readonly item: WireItem; readonly text: string } {
  const json = canonicalJson(unfinished);
  const digest = hash('sha256', json);
  const item = { ...unfinished, migrationDigest: { S: digest } };
  refuseLongKeys(item, label);
  if (json.length > SURELY_SMALL_LENGTH) refuseOversized(item, label);
  return { item, text: `{"migrationDigest":{"S":"${digest}"},${json.slice(1)}` };
}
