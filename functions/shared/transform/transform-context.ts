import type { Run } from '../ledger/run.ts';
import type { TransformContext } from './transform-types.ts';

const lowStockThreshold = 10;
const currency = 'INR';

/** The context of a run's transform: the rehearsal and the migration must use the same, or their digests differ. */
export function transformContext({
  runId,
  startedAt,
  settings,
}: Pick<Run, 'runId' | 'startedAt' | 'settings'>): TransformContext {
  const { defaultStockQuantity } = settings;
  return { runId, runStartedAt: startedAt, defaultStockQuantity, lowStockThreshold, currency };
}
