import { type QuarantinedProduct, type ShardState, SHARD_STATES } from '../ledger/shard.ts';
import { cut, shorten } from '../text.ts';
import type { Shards } from './count-shards.ts';

/** Ten samples of a kind at 120 bytes: the report is a state's output and stays below 16 KiB. */
const SAMPLE_COUNT = 10;
const MAX_SAMPLE_BYTES = 120;

/** Only the kinds that have any. */
export function namedSamples<Name extends string>(
  shards: Shards,
  kinds: Readonly<Record<Name, string>>,
): { readonly [key in Name]?: readonly string[] } {
  const states = SHARD_STATES.filter((state) => state !== 'RollBack');
  const entries = (Object.entries(kinds) as [Name, string][]).map(
    ([name, kind]) => [name, samplesOf(shards, states, kind)] as const,
  );
  return Object.fromEntries(entries.filter(([, keys]) => keys.length > 0)) as {
    readonly [key in Name]?: readonly string[];
  };
}

function samplesOf(shards: Shards, states: readonly ShardState[], kind: string): readonly string[] {
  const found = states.flatMap((state) =>
    (shards.get(state) ?? []).flatMap((shard) => shard.samples?.[kind] ?? []),
  );
  return shownSamples([...new Set(found)]);
}

/** The first few, cut short. */
export function shownSamples(keys: readonly string[]): readonly string[] {
  return keys.slice(0, SAMPLE_COUNT).map((key) => shorten(key, MAX_SAMPLE_BYTES));
}

/** The first of these products with their reasons, for a sentence. */
export function quarantineText(products: readonly QuarantinedProduct[]): string {
  const named = products
    .slice(0, 3)
    .map(({ productId, code, sentence }) => `${productId}: ${code}: ${sentence}`)
    .map((sample) => shorten(sample.replace(/\.$/, ''), 160));
  return cut(named.join(' | '), 500);
}

/** The first products in quarantine, each with its reason. */
export function quarantineOf(shards: Shards): readonly QuarantinedProduct[] {
  return (shards.get('TransformProducts') ?? [])
    .flatMap(({ quarantined = [] }) => quarantined)
    .slice(0, SAMPLE_COUNT)
    .map(({ productId, code, sentence }) => ({
      productId: shorten(productId, MAX_SAMPLE_BYTES),
      code,
      sentence: shorten(sentence, MAX_SAMPLE_BYTES),
    }));
}
