import { backupIdFor } from '../shared/files/layout.ts';
import { InvalidInputError, LockHeldError } from '../shared/errors.ts';
import { type Holder, type NewRun, resumeRun } from '../shared/ledger/begin.ts';
import { findRun, type Run, settingsOf, tablePrefixOf } from '../shared/ledger/run.ts';
import { beginOrRecover } from '../shared/runs/lock-conflict.ts';
import { type MigrateInput, parseMigrateInput } from '../shared/runs/migrate-input.ts';
import { untilHeldRunIsQuiet } from '../shared/ledger/quiet.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { BeginRunInput, BeginRunOutput, BegunRun, Execution } from '../shared/state.ts';
import { codeVersion } from '../migrations/shop/code-version.ts';

function holderOf({ id, name, startTime }: Execution): Holder {
  return { executionName: name, executionArn: id, startTime };
}

function newRun(runtime: Runtime, { execution, tested }: BeginRunInput, input: MigrateInput): NewRun {
  const { resume: _resume, Comment: _comment, maxConcurrency, ...parameters } = input;
  return {
    runId: execution.name,
    kind: 'migrate',
    startedAt: execution.startTime,
    sourceTable: runtime.config.sourceTable,
    parameters: { ...parameters, maxConcurrency: maxConcurrency ?? runtime.config.maxConcurrency },
    plan: tested.plan,
    codeVersion: codeVersion(),
    settings: settingsOf(runtime.config),
    backupId: backupIdFor(execution.startTime, execution.name),
    warnings: tested.plan.warnings,
  };
}

function begun(run: Run, outcome: BegunRun['outcome']): BegunRun {
  const { segments, shards, workers } = run.plan;
  return { outcome, runId: run.runId, dryRun: run.parameters.dryRun, segments, shards, workers };
}

async function begin(runtime: Runtime, payload: BeginRunInput, input: MigrateInput): Promise<BegunRun> {
  const wanted = newRun(runtime, payload, input);
  const { outcome, run } = await beginOrRecover(runtime, wanted, holderOf(payload.execution));
  if (outcome === 'RECOVER')
    runtime.logger.warn('A dead run holds the lock and is recovered first', { runId: run.runId });
  return begun(run, outcome);
}

/** Fields that a resumed run takes from its new input. It keeps all its other parameters. */
const resumable = new Set(['resume', 'maxQuarantined', 'Comment']);

/**
 * What changes when a run is resumed. `maxQuarantined` can be given again, because nobody knows the number before the
 * run is held. Any other field that was given is named in a warning.
 */
function resumedFacts(run: Run, typed: object, input: MigrateInput): Partial<Run> {
  const fields = Object.keys(typed);
  const ignored = fields.filter((field) => !resumable.has(field));
  const { maxQuarantined } = input;
  return {
    codeVersion: codeVersion(),
    ...(fields.includes('maxQuarantined') && { parameters: { ...run.parameters, maxQuarantined } }),
    ...(ignored.length > 0 && {
      warnings: [
        ...run.warnings,
        `A resumed run keeps its parameters, so ${ignored.join(', ')} made no difference. Only maxQuarantined can be given again.`,
      ],
    }),
  };
}

/** A run keeps the table names that it began with. The warning is for operators who have deployed other names since. */
function withOwnNames(runtime: Runtime, run: Run, facts: Partial<Run>): Partial<Run> {
  const prefix = tablePrefixOf(runtime, run);
  const { tablePrefix } = runtime.config;
  if (prefix === tablePrefix) return facts;
  const { warnings = run.warnings } = facts;
  const sentence = `The run keeps the tables that it began with (tablePrefix "${prefix}"), though the service has been deployed with tablePrefix "${tablePrefix}" since.`;
  return { ...facts, warnings: [...warnings, sentence] };
}

/**
 * Resumes a held run under its own id, plan and parameters.
 *
 * @throws InvalidInputError when there is no such run or it is not held; LockHeldError when another run holds the table.
 */
async function resume(
  runtime: Runtime,
  { input: typed, execution }: BeginRunInput,
  input: MigrateInput & { readonly resume: string },
): Promise<BegunRun> {
  const runId = input.resume;
  const run = await findRun(runtime.ledger, runId);
  if (run === undefined || run.kind !== 'migrate')
    throw new InvalidInputError(
      `"resume": there is no run ${runId} of this workflow. Nothing was changed. List the runs with: npm run runs -- --stage ${runtime.config.stage}`,
    );
  const facts = withOwnNames(runtime, run, resumedFacts(run, Object(typed), input));
  if (run.status === 'HELD') await untilHeldRunIsQuiet(runtime, run);
  const resumed = await resumeRun(runtime.ledger, run, holderOf(execution), facts);
  if (resumed !== undefined) return begun(resumed, 'RESUMED');
  if (run.status === 'HELD')
    throw new LockHeldError(
      `Run ${runId} is held, but another run has the table's lock. Nothing was changed. Try again when it has ended.`,
    );
  throw new InvalidInputError(
    `"resume": run ${runId} is ${run.status}, and only a HELD run can go on. Nothing was changed. Start again with {} for a new run.`,
  );
}

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
