import { migration } from '#migration/index.ts';
import { measureMade } from '../../../functions/shared/cost/measure-made.ts';
import type { TargetSize } from '../../../functions/shared/cost/run-size.ts';
import { itemSizeBytes } from '../../../functions/shared/items/item-size.ts';
import type { TransformContext } from '../../../functions/shared/migration/migration.ts';
import { generateProducts } from '../../local/products/generate-products.ts';

/** What one product is on average. */
export interface AverageProduct {
  /** In the source, by DynamoDB's size rule. */
  readonly bytes: number;
  /** In the target; absent: assumed as for any table that was not rehearsed. */
  readonly target?: TargetSize | undefined;
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
  const bytes = products.reduce((sum, product) => sum + itemSizeBytes(product), 0) / SAMPLES;
  return { bytes, target: measureMade(products, (product) => migration.transform(product, CONTEXT)) };
}
