import { type Commands, commandsOf, type Input, stepText } from '../shared/commands.ts';
import { InvalidInputError, LockHeldError } from '../shared/errors.ts';
import { type Holder, resumeRun, returnPlan } from '../shared/ledger/begin.ts';
import { transformBasis } from '../shared/copy/transform/making.ts';
import { findRun, readRun, type Run } from '../shared/ledger/run.ts';
import { presentSettings, tablePrefixOf } from '../shared/ledger/run-settings.ts';
import { listShards } from '../shared/ledger/shard.ts';
import { inputOf, typedInput } from '../shared/runs/again-input.ts';
import { meetOtherLock, waysToFree } from '../shared/runs/lock-conflict.ts';
import type { MigrateInput } from '../shared/runs/migrate-input.ts';
import { changedSince, missingFile } from '../shared/runs/plan-obstacle.ts';
import { holderOf } from '../shared/runs/new-run.ts';
import { otherSource } from '../shared/runs/known-source.ts';
import { prepareResumption } from '../shared/runs/prepare-resumption.ts';
import { requireSwitchConfirmed } from '../shared/runs/switched.ts';
import { withOwnPrefix } from '../shared/tables/target-conflicts.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { BeginRunInput, BegunRun, Plan } from '../shared/state.ts';
import { isCapOf, type ResumedPlan, resumedPlan } from './resumed-plan.ts';

type ResumeInput = MigrateInput & { readonly resume: string };

/**
 * Resumes a held run under its own id, plan and parameters. A planned run is applied: the very files of the dry run
 * are written.
 *
 * @throws InvalidInputError when there is no such run, or it is neither held nor planned, or its plan is out of date;
 *   RunTooLongForInlineError; LockHeldError when another run holds the table. Nothing was changed then; not retried.
 */
export async function resume(
  runtime: Runtime,
  payload: BeginRunInput,
  input: ResumeInput,
): Promise<BegunRun> {
  const { input: typed, execution } = payload;
  const runId = input.resume;
  const run = await findRun(runtime.ledger, runId);
  if (run === undefined || run.kind !== 'migrate')
    throw new InvalidInputError(
      `"resume": there is no run ${runId} of this workflow. Nothing was changed.`,
      stepText(['List the runs', commandsOf(runtime.config).runs()]),
    );
  const other = otherSource(run, payload.tested.plan.sourceTableId);
  const resumption = { run, typed: typedInput(typed), other };
  if (input.dryRun && !staysDry(run)) throw notDry(runtime, resumption);
  // No confirmation makes a plan usable that is out of date.
  if (run.status === 'PLANNED') await assertUsable(runtime, resumption);
  const { confirm = run.parameters.confirm } = input;
  const confirmation = {
    confirm,
    confirmed: ({ migrate }: Commands, syncId: string) => migrate({ ...resumption.typed, confirm: syncId }),
  };
  await withOwnPrefix(runtime, run, requireSwitchConfirmed(runtime, confirmation, run));
  if (run.status === 'HELD') assertSourceToRead(runtime, resumption);
  const planned = await resumedPlan(runtime, run, { typed: resumption.typed, fresh: payload.tested.plan });
  if (run.status === 'HELD') await prepareResumption(runtime, run);
  const holder = holderOf(execution);
  const facts = withOwnNames(
    runtime,
    run,
    await resumedFacts(runtime, run, { typed: Object(typed), input, other, planned }),
  );
  const resumed = await resumeRun(runtime.ledger, run, holder, facts);
  if (resumed === undefined) {
    await refuseChangedOrLocked(runtime, resumption);
    return resume(runtime, payload, input);
  }
  // Held since, it has tables and is no plan any more.
  if (resumed.plannedAt !== undefined && !resumed.resumed)
    await assertStillNewest(runtime, { ...resumption, run: resumed }, { holder, plan: run.plan });
  return begun(resumed, 'RESUMED');
}

/** A run that is to be resumed, and what was typed for that. */
interface Resumption {
  readonly run: Run;
  readonly typed: Input;
  /** That another table has the source's name now. */
  readonly other: string | undefined;
}

/** The input of a new run that takes the place of the resumed one. */
const newInput = ({ run, typed }: Resumption): Input => ({
  ...inputOf(run.parameters),
  ...typed,
  resume: undefined,
});

export function begun(run: Run, outcome: BegunRun['outcome']): BegunRun {
  const { segments, shards, workers } = run.plan;
  const { engine: writeEngine = 'batch' } = run.plan.writeEngine ?? {};
  return { outcome, runId: run.runId, dryRun: run.parameters.dryRun, writeEngine, segments, shards, workers };
}

/** A held dry run goes on as one; a plan that is resumed is applied. */
const staysDry = ({ status, parameters }: Run): boolean => status !== 'PLANNED' && parameters.dryRun;

function notDry({ config }: Runtime, resumption: Resumption): InvalidInputError {
  const { migrate } = commandsOf(config);
  const { run, typed } = resumption;
  return new InvalidInputError(
    `"resume": resuming run ${run.runId} writes into its tables, and "dryRun" asks for the opposite. Nothing was changed.`,
    stepText(
      ['To go on with it', migrate({ ...typed, dryRun: undefined })],
      ['For a new plan', migrate(newInput(resumption))],
    ),
  );
}

/** Returns where the run may try again. @throws LockHeldError, InvalidInputError */
async function refuseChangedOrLocked(
  { ledger, config }: Runtime,
  { run: { runId }, typed, other }: Resumption,
): Promise<void> {
  const { migrate, follow } = commandsOf(config);
  const run = await readRun(ledger, runId);
  const { status } = run;
  // A new run would meet its lock.
  const isAtWork = status === 'RUNNING' || status === 'ROLLING_BACK';
  if (status !== 'HELD' && status !== 'PLANNED')
    throw new InvalidInputError(
      `"resume": run ${runId} is ${status}, and only a HELD or PLANNED run can be resumed. Nothing was changed.`,
      stepText(
        isAtWork
          ? ['Wait until it ends', follow(runId)]
          : ['For a new run', migrate(newInput({ run, typed, other }))],
      ),
    );
  const met = await meetOtherLock(ledger, run);
  if (met.kind !== 'held') return;
  throw new LockHeldError(
    `Run ${runId} is ${status}, but run ${met.lock.runId} has locked table ${met.table}. Nothing was changed.`,
    stepText(...waysToFree(config, met), ['Then resume', migrate(typed)]),
  );
}

/** @throws InvalidInputError saying why the plan cannot be applied any more; not retried */
async function assertUsable(runtime: Runtime, resumption: Resumption): Promise<void> {
  const { run, other } = resumption;
  const replaced = other && `table ${run.sourceTable} was deleted and created again after it was planned`;
  const obstacle = replaced ?? (await changedSince(runtime, run)) ?? (await missingFile(runtime, run));
  if (obstacle !== undefined) throw outOfDate(runtime, resumption, obstacle);
}

/**
 * A sealed backup is complete without the source. One that is not would hold items of two tables.
 *
 * @throws InvalidInputError; not retried
 */
function assertSourceToRead({ config }: Runtime, resumption: Resumption): void {
  const { run, other } = resumption;
  if (other === undefined || run.backup !== undefined) return;
  const { rollBack, migrate } = commandsOf(config);
  throw new InvalidInputError(
    `"resume": ${other} Its backup is not complete, and would hold items of two tables. Nothing was changed.`,
    stepText(['Roll it back', rollBack(run.runId)], ['Then start again', migrate(newInput(resumption))]),
  );
}

/** Asked again under the lock: from here on nobody else can change anything. The plan stays as it was. */
async function assertStillNewest(
  runtime: Runtime,
  resumption: Resumption,
  before: { readonly holder: Holder; readonly plan: Plan },
): Promise<void> {
  const obstacle = await changedSince(runtime, resumption.run);
  if (obstacle === undefined) return;
  await returnPlan(runtime.ledger, resumption.run, before);
  throw outOfDate(runtime, resumption, obstacle);
}

function outOfDate({ config }: Runtime, resumption: Resumption, obstacle: string): InvalidInputError {
  const { migrate } = commandsOf(config);
  const input = newInput(resumption);
  return new InvalidInputError(
    `"resume": plan ${resumption.run.runId} cannot be applied, because ${obstacle}. Nothing was changed.`,
    stepText(
      ['For a new plan', migrate({ ...input, dryRun: true })],
      ['For a new run', migrate({ ...input, dryRun: undefined })],
    ),
  );
}

/** Fields that a resumed run takes from its new input. It keeps all its other parameters. */
const RESUMABLE = new Set(['resume', 'maxQuarantined', 'maxCost', 'confirm', 'Comment']);

/** What a resumption was given and has found. */
interface ResumedWith extends Pick<Resumption, 'other'> {
  readonly planned: ResumedPlan;
  readonly typed: object;
  readonly input: MigrateInput;
}

/**
 * What changes with a resumption. How many products may stay behind and what the run may cost can be said again: nobody
 * knows them before the run is held or planned. What else was typed is not silently left out.
 */
async function resumedFacts(
  runtime: Runtime,
  run: Run,
  { typed, input, other, planned }: ResumedWith,
): Promise<Partial<Run>> {
  const fields = Object.keys(typed);
  const ignored = fields.filter((field) => !RESUMABLE.has(field) && !isCapOf(planned, field, input));
  const { maxQuarantined, maxCost, confirm } = input;
  const isPlan = run.status === 'PLANNED';
  const { plannedAt = run.finishedAt ?? run.startedAt } = run;
  const added = [
    ...(ignored.length === 0
      ? []
      : [
          `A resumed run keeps its parameters, so ${ignored.join(', ')} made no difference. Only maxQuarantined, maxCost, confirm and lower caps can be given again.`,
        ]),
    ...(other === undefined ? [] : [`${other} Backup ${run.backupId} holds the items of the earlier one.`]),
  ];
  return {
    ...(isPlan ? { plannedAt } : await makingFacts(runtime, run)),
    parameters: {
      ...run.parameters,
      ...(isPlan && { dryRun: false }),
      ...(fields.includes('maxQuarantined') && { maxQuarantined }),
      ...(fields.includes('maxCost') && { maxCost }),
      ...(confirm !== undefined && { confirm }),
    },
    plan: planned.plan,
    settings: { ...run.settings, ...presentSettings(runtime.config) },
    warnings: [...added, ...planned.warnings],
  };
}

/**
 * Target files that are not complete are made again from the start, under another folder: the code may have changed
 * since, and one run never writes the items of two codes.
 */
async function makingFacts({ ledger }: Runtime, run: Run): Promise<Partial<Run>> {
  if (run.rehearsal !== undefined) return {};
  const begunShards = await listShards(ledger, run.runId, 'TransformProducts');
  const made = begunShards.filter(({ done, basis }) => done && basis === transformBasis(run));
  const isComplete = made.length === run.plan.shards.length;
  if (begunShards.length === 0 || isComplete) return {};
  return { targetMaking: (run.targetMaking ?? 0) + 1 };
}

/** A run keeps the table names that it began with. The warning is for operators who have deployed other names since. */
function withOwnNames(runtime: Runtime, run: Run, facts: Partial<Run>): Partial<Run> {
  const prefix = tablePrefixOf(runtime, run);
  const { tablePrefix } = runtime.config;
  if (prefix === tablePrefix) return facts;
  const { warnings = [] } = facts;
  const sentence = `The run keeps the tables that it began with (tablePrefix "${prefix}"), though the service has been deployed with tablePrefix "${tablePrefix}" since.`;
  return { ...facts, warnings: [...warnings, sentence] };
}
