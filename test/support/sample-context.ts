import type { TransformContext } from '../../functions/migrations/shop/transform-context.ts';

/** The transform's parameters as they are by default, for a run called `run-1`. */
export const sampleContext: TransformContext = {
  runId: 'run-1',
  runStartedAt: '2026-01-02T03:04:05.678Z',
  defaultStockQuantity: 50,
  lowStockThreshold: 10,
  currency: 'INR',
};
