import { BULK_PUT, type BulkPutFacts } from '../../functions/shared/cost/bulk-put.ts';

/** Runs with a price of bulk put in the data, US dollars for a GB, which nobody has read yet. */
export function withBulkPutPrice(region: string, dollars: number, run: () => void): void {
  const prices: Record<string, BulkPutFacts['dollarsPerGigabyte'][string]> = BULK_PUT.dollarsPerGigabyte;
  const before = prices[region];
  const price = { value: dollars, source: 'a test', date: '2026-11-29' };
  prices[region] = { STANDARD: price, ACCELERATED: price };
  try {
    run();
  } finally {
    if (before === undefined) delete prices[region];
    else prices[region] = before;
  }
}
