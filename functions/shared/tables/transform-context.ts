import type { Run } from '../ledger/run.ts';
import type { TransformContext } from '../migration/migration.ts';
import type { Runtime } from '../runtime.ts';

/** The context of a run's transform. Every state must use the same, or their digests differ. */
export function transformContext(
  { config }: Pick<Runtime, 'config'>,
  { runId, startedAt, settings }: Pick<Run, 'runId' | 'startedAt' | 'settings'>,
): TransformContext {
  return { runId, startedAt, settings: settings.migration ?? config.settings };
}
