import type { Run } from '../../shared/ledger/run.ts';
import type { TransformContext } from '../../shared/migration/migration.ts';

export type { TransformContext };

/** The context of a run's transform: every state must use the same, or their digests differ. */
export function transformContext({
  runId,
  startedAt,
  settings,
}: Pick<Run, 'runId' | 'startedAt' | 'settings'>): TransformContext {
  return { runId, startedAt, settings: settings.migration ?? {} };
}
