import { migration } from '#migration/index.ts';
import { itemSizeBytes } from '../../../functions/shared/items/item-size.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { indexLoad } from '../../../functions/shared/migration/index-entries.ts';
import type { TargetItem, TransformContext } from '../../../functions/shared/migration/migration.ts';
import { generateProducts } from '../../local/products/generate-products.ts';

/** What one product is on average. */
export interface AverageProduct {
  /** In the source, by DynamoDB's size rule. */
  readonly bytes: number;
  /** In the target; absent: assumed as for any table that was not rehearsed. */
  readonly target?: {
    readonly items: number;
    readonly bytes: number;
    /** Each item's size rounded up to KB. */
    readonly writeUnits: number;
    /** The same of its entries in indexes, and what they take. */
    readonly indexWriteUnits: number;
    readonly indexStorageBytes: number;
  };
}

const SAMPLES = 2_000;
const CONTEXT: TransformContext = {
  runId: 'sample',
  startedAt: '2026-01-01T00:00:00.000Z',
  settings: migration.settings,
};

/** Measured on generated products, with the real transform. */
export function measureSamples(): AverageProduct {
  const products = [...generateProducts({ count: SAMPLES })];
  const made = products.flatMap(itemsOf);
  const sizes = made.map(({ item }) => itemSizeBytes(item));
  const loads = made.map(({ item, table }, at) => indexLoad(item, sizes[at] ?? 0, table));
  const perProduct = (numbers: readonly number[]): number =>
    numbers.reduce((sum, number) => sum + number, 0) / SAMPLES;
  return {
    bytes: perProduct(products.map(itemSizeBytes)),
    target: {
      items: sizes.length / SAMPLES,
      bytes: perProduct(sizes),
      writeUnits: perProduct(sizes.map((bytes) => Math.ceil(bytes / 1_024))),
      indexWriteUnits: perProduct(loads.map(({ writeUnits }) => writeUnits)),
      indexStorageBytes: perProduct(loads.map(({ storageBytes }) => storageBytes)),
    },
  };
}

function itemsOf(product: WireItem): readonly TargetItem[] {
  const result = migration.transform(product, CONTEXT);
  return result.kind === 'quarantined' ? [] : result.items;
}
