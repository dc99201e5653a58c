import type { TransformContext } from '../../functions/shared/migration/migration.ts';

/** The transform's default parameters, for a run called `run-1`. */
export const sampleContext: TransformContext = {
  runId: 'run-1',
  startedAt: '2026-01-02T03:04:05.678Z',
  settings: { defaultStockQuantity: 50 },
};
