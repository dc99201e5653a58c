import { hash } from 'node:crypto';
import { targetTables } from './tables/target-tables.ts';
import { canonicalJson } from '../../shared/items/canonical-json.ts';
import { samples } from './samples.ts';
import { productToItems, type TransformResult } from './product-to-items.ts';
import { transformContext } from './transform-context.ts';

const SAMPLE_CONTEXT = transformContext({
  runId: 'code-version',
  startedAt: '2000-01-01T00:00:00.000Z',
  settings: { migration: { defaultStockQuantity: 50 } },
});
const VERSION_LENGTH = 16;

let known: string | undefined;

/**
 * Names the transform and the tables by what they do: 16 hex digits of a hash over the table specs
 * and over what the sample products become. It is the same in every function's bundle, minified or
 * not, which a hash over source text is not, and it needs no build step. A resumed run whose version
 * differs migrates from the start; a change that no sample shows is caught by VerifyMigration, which
 * compares every item with what the rehearsal made of it.
 */
export function codeVersion(): string {
  known ??= hash('sha256', JSON.stringify([targetTables, ...samples.map(outcome)])).slice(0, VERSION_LENGTH);
  return known;
}

function outcome(product: (typeof samples)[number]): string | readonly string[] {
  const result: TransformResult = productToItems(product, SAMPLE_CONTEXT);
  return result.kind === 'items' ? result.items.map(canonicalJson) : `${result.code}: ${result.sentence}`;
}
