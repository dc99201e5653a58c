import { gzipSync } from 'node:zlib';
import { encodeLine } from '../../functions/shared/files/data-file.ts';
import { productToItems } from '../../functions/migrations/shop/product-to-items.ts';
import { transformContext } from '../../functions/migrations/shop/transform-context.ts';
import { itemSizeBytes } from '../../functions/shared/items/item-size.ts';
import { generateProducts } from '../local/products/generate-products.ts';

/** What one product is on average, in the source, in the backup and in the target. */
export interface ProductShape {
  /** By DynamoDB's size rule. */
  readonly sourceBytes: number;
  /** A line of a data file. */
  readonly lineBytes: number;
  readonly gzipBytes: number;
  readonly targetItems: number;
  readonly targetBytes: number;
  /** Each item's size rounded up to KB. */
  readonly writeUnits: number;
}

const sampleCount = 2_000;
const context = transformContext({
  runId: 'simulated',
  startedAt: '2026-01-01T00:00:00.000Z',
  settings: { migration: { defaultStockQuantity: 50 } },
});

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / sampleCount;

/** Measured on generated products, with the real transform and the real encoding. */
export function measureShape(): ProductShape {
  const products = [...generateProducts({ count: sampleCount })];
  const lines = products.map(encodeLine);
  const items = products.flatMap((product) => {
    const result = productToItems(product, context);
    return result.kind === 'quarantined' ? [] : result.items;
  });
  const sizes = items.map(itemSizeBytes);
  return {
    sourceBytes: mean(products.map(itemSizeBytes)),
    lineBytes: mean(lines.map((line) => Buffer.byteLength(line))),
    gzipBytes: gzipSync(lines.join('')).length / sampleCount,
    targetItems: items.length / sampleCount,
    targetBytes: mean(sizes),
    writeUnits: mean(sizes.map((bytes) => Math.ceil(bytes / 1_024))),
  };
}
