import { migration } from '#migration/index.ts';
import { itemSizeBytes } from '../../../functions/shared/items/item-size.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import type { TransformContext } from '../../../functions/shared/migration/migration.ts';
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
  const sizes = products.flatMap(itemsOf).map(itemSizeBytes);
  const perProduct = (numbers: readonly number[]): number =>
    numbers.reduce((sum, number) => sum + number, 0) / SAMPLES;
  return {
    bytes: perProduct(products.map(itemSizeBytes)),
    target: {
      items: sizes.length / SAMPLES,
      bytes: perProduct(sizes),
      writeUnits: perProduct(sizes.map((bytes) => Math.ceil(bytes / 1_024))),
    },
  };
}

function itemsOf(product: WireItem): readonly WireItem[] {
  const result = migration.transform(product, CONTEXT);
  return result.kind === 'quarantined' ? [] : result.items.map(({ item }) => item);
}
