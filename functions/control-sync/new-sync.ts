import { backupIdFor } from '../shared/files/layout.ts';
import type { NewRun } from '../shared/ledger/begin.ts';
import { workersFor } from '../shared/runs/cut-work.ts';
import type { Run } from '../shared/ledger/run.ts';
import { presentSettings } from '../shared/ledger/run-settings.ts';
import { newRunOf } from '../shared/runs/new-run.ts';
import type { TargetUse } from '../shared/runs/shared-targets.ts';
import type { Execution, Plan } from '../shared/state.ts';
import { assertCompareFits } from './compare-fits.ts';
import type { FollowedRun } from './followed-run.ts';
import type { SyncInput } from './sync-input.ts';
import type { SyncRuntime } from './sync-runtime.ts';

/** What a sync or a compare is made of. */
export interface NewSync {
  readonly execution: Execution;
  readonly input: SyncInput;
  readonly followed: FollowedRun;
  readonly kind: 'sync' | 'compare';
}

/** What a sync and a compare begin with. @throws RunTooLongForInlineError, RunTooLongError; neither is retried */
export function runOf(
  runtime: SyncRuntime,
  { execution, input, followed: { run, tables }, kind }: NewSync,
): NewRun {
  const plan = planOf(runtime, run.plan, input);
  assertCompareFits(runtime.config, plan, { isSync: kind === 'sync' });
  return {
    kind,
    ...newRunOf(runtime, execution, plan),
    settings: { ...run.settings, ...presentSettings(runtime.config) },
    transformVersion: runtime.config.transformVersion,
    backupId: backupIdFor(execution.startTime, execution.name),
    follows: { runId: run.runId, startedAt: run.startedAt, tables },
    parameters: {
      dryRun: false,
      onFailure: 'hold',
      // Each cut over says how many may stay behind.
      maxQuarantined: 0,
      onExisting: 'keep',
      allowEmpty: input.allowEmpty ?? false,
      maxConcurrency: plan.workers,
      readUnitsPerSecond: input.readUnitsPerSecond,
      writeUnitsPerSecond: input.writeUnitsPerSecond,
      confirm: input.confirm,
      confirmSource: input.confirmSource,
      note: input.note,
    },
  };
}

/** The tables that a sync works in, as the look for other runs there wants them. */
export const usedTables = (run: Pick<Run, 'runId' | 'sourceTable' | 'lockTable' | 'follows'>): TargetUse => ({
  run,
  names: (run.follows?.tables ?? []).map(({ name }) => name),
});

/** Cut as the migration was, with the caps of this input. */
function planOf({ config }: SyncRuntime, plan: Plan, input: SyncInput): Plan {
  const readUnitsPerSecond = input.readUnitsPerSecond ?? plan.readUnitsPerSecond;
  const writeUnitsPerSecond = input.writeUnitsPerSecond ?? plan.writeUnitsPerSecond;
  const workers = workersFor({
    mapMode: config.mapMode,
    asked: input.maxConcurrency ?? config.maxConcurrency,
    capsPerSecond: [readUnitsPerSecond, writeUnitsPerSecond],
    others: [plan.workers],
  });
  return { ...plan, workers, readUnitsPerSecond, writeUnitsPerSecond, warnings: [] };
}
