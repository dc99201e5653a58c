import type { Run, RunSettings } from '../../shared/ledger/run.ts';

/** What a transform depends on besides the product; the same for every product of a run. */
export interface TransformContext {
  readonly runId: string;
  /** ISO 8601; stands in for times that the source lacks. */
  readonly runStartedAt: string;
  /** Pieces, where the source states no stock. A whole number of at least 0. */
  readonly defaultStockQuantity: number;
  /** Pieces, where the source's variant states none. A whole number of at least 0. */
  readonly lowStockThreshold: number;
  /** ISO 4217, where the source states none. */
  readonly currency: string;
}

const lowStockThreshold = 10;
const currency = 'INR';

/** What a run's context is made from. */
export interface ContextSource extends Pick<Run, 'runId' | 'startedAt'> {
  readonly settings: Pick<RunSettings, 'defaultStockQuantity'>;
}

/** The context of a run's transform: the rehearsal and the migration must use the same, or their digests differ. */
export function transformContext({ runId, startedAt, settings }: ContextSource): TransformContext {
  const { defaultStockQuantity } = settings;
  return { runId, runStartedAt: startedAt, defaultStockQuantity, lowStockThreshold, currency };
}
