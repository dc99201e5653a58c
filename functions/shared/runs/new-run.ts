import type { Holder, NewRun } from '../ledger/begin.ts';
import { settingsOf } from '../ledger/run-settings.ts';
import type { Runtime } from '../runtime.ts';
import type { Execution, Plan } from '../state.ts';

/** What every run begins with; the name of its execution becomes its id. */
export function newRunOf(
  { config, migration }: Pick<Runtime, 'config' | 'migration'>,
  { name, startTime }: Pick<Execution, 'name' | 'startTime'>,
  plan: Plan,
): Pick<NewRun, 'runId' | 'startedAt' | 'sourceTable' | 'plan' | 'settings' | 'warnings'> {
  return {
    runId: name,
    startedAt: startTime,
    sourceTable: config.sourceTable,
    plan,
    settings: { ...settingsOf(config), filled: migration.filled.map((spec) => spec.name) },
    warnings: plan.warnings,
  };
}

/** The execution as holder of the lock. */
export function holderOf({ id, name, startTime }: Execution): Holder {
  return { executionName: name, executionArn: id, startTime };
}
