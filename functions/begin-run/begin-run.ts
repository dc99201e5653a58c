import { backupIdFor } from '../shared/files/layout.ts';
import type { NewRun } from '../shared/ledger/begin.ts';
import { beginOrRecover } from '../shared/runs/lock-conflict.ts';
import { type MigrateInput, parseMigrateInput } from '../shared/runs/migrate-input.ts';
import { holderOf, newRunOf } from '../shared/runs/new-run.ts';
import { typedInput } from '../shared/runs/again-input.ts';
import { refuseSharedTargets } from '../shared/runs/shared-targets.ts';
import { requireSwitchConfirmed } from '../shared/runs/switched.ts';
import { targetTablesOf } from '../shared/tables/run-tables.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { BeginRunInput, BeginRunOutput, BegunRun } from '../shared/state.ts';
import { begun, resume } from './resume-run.ts';

/**
 * Begins the run (run, execution and lock in one transaction), or resumes a held one. Its answer is the whole state
 * data, without the plan once the run has it.
 *
 * @throws LockHeldError, RunIdUsedError, RunClosedError, InvalidInputError; none is retried.
 */
export async function beginMigration(runtime: Runtime, payload: BeginRunInput): Promise<BeginRunOutput> {
  const input = parseMigrateInput(payload.input);
  const { machine, execution, tested } = payload;
  const run =
    input.resume === undefined
      ? await begin(runtime, payload, input)
      : await resume(runtime, payload, { ...input, resume: input.resume });
  const kept = { machine, input: payload.input, execution, run };
  return run.outcome === 'RECOVER' ? { ...kept, tested } : kept;
}

async function begin(runtime: Runtime, payload: BeginRunInput, input: MigrateInput): Promise<BegunRun> {
  const wanted = newRun(runtime, payload, input);
  const confirmed = async (): Promise<void> => {
    // A dry run writes nothing into tables.
    if (input.dryRun) return;
    await requireSwitchConfirmed(runtime, {
      confirm: input.confirm,
      confirmed: ({ migrate }, confirm) => migrate({ ...typedInput(payload.input), confirm }),
    });
  };
  await confirmed();
  if (!input.dryRun) {
    const names = targetTablesOf(runtime, wanted).map(({ name }) => name);
    await refuseSharedTargets(runtime, { run: wanted, names });
  }
  const { outcome, run } = await beginOrRecover(runtime, wanted, holderOf(payload.execution));
  // Asked again under the lock: from here on no sync can switch.
  if (outcome === 'BEGUN') await confirmed();
  if (outcome === 'RECOVER')
    runtime.logger.warn('A dead run holds the lock and is recovered first', { runId: run.runId });
  return begun(run, outcome);
}

function newRun(runtime: Runtime, { execution, tested }: BeginRunInput, input: MigrateInput): NewRun {
  const { resume: _resume, Comment: _comment, maxConcurrency, ...parameters } = input;
  const { sourceTableId, ...plan } = tested.plan;
  return {
    ...newRunOf(runtime, execution, plan),
    kind: 'migrate',
    ...(sourceTableId !== undefined && { sourceTableId }),
    parameters: { ...parameters, maxConcurrency: maxConcurrency ?? runtime.config.maxConcurrency },
    backupId: backupIdFor(execution.startTime, execution.name),
  };
}
