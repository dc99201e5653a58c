import type { Config } from '../env.ts';
import type { Run } from '../ledger/run.ts';
import type { TransformContext } from './transform-types.ts';

const lowStockThreshold = 10;
const currency = 'INR';

/** The context of a run's transform: the rehearsal and the migration must use the same, or their digests differ. */
export function transformContext(
  run: Pick<Run, 'runId' | 'startedAt'>,
  config: Pick<Config, 'defaultStockQuantity'>,
): TransformContext {
  return {
    runId: run.runId,
    runStartedAt: run.startedAt,
    defaultStockQuantity: config.defaultStockQuantity,
    lowStockThreshold,
    currency,
  };
}
