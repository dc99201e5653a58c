import { commandsOf, type Input, stepText } from '../shared/commands.ts';
import { capitalized, count } from '../shared/counted.ts';
import { fitsHistory, mapEvents } from '../shared/cost/history.ts';
import { mapWorkOf } from '../shared/cost/map-work.ts';
import { type RunSize, sizeOfPlan } from '../shared/cost/run-size.ts';
import { deployWith } from '../shared/deploy-with.cjs';
import { RunTooLongError, RunTooLongForInlineError } from '../shared/errors.ts';
import { isBulk, type Run } from '../shared/ledger/run.ts';
import { CAP_NAMES, type CapName, type Caps, NO_CAPS } from '../shared/ledger/run-facts.ts';
import { listTables } from '../shared/ledger/table-record.ts';
import { inputOf } from '../shared/runs/again-input.ts';
import { capsText } from '../shared/runs/control-text.ts';
import { secondsOf, tooLongText } from '../shared/runs/one-execution.ts';
import { workersFor } from '../shared/runs/cut-work.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { Plan } from '../shared/state.ts';
import { filledTablesOf } from '../shared/tables/run-tables.ts';

/** What a run is resumed with. */
interface ResumedWith {
  readonly typed: Input;
  /** What TestConnection has planned for a new run, with the caps that were typed. */
  readonly fresh: Plan;
}

/** The plan of a resumed run, and a sentence where its caps are lower than before. */
export interface ResumedPlan {
  readonly plan: Plan;
  readonly warnings: readonly string[];
}

/**
 * The plan that a held or planned run goes on with. It stays as it is cut, so that its files and cursors stay valid. A
 * table may be in use now that was not there when it was planned, and the service may have been deployed with another
 * `mapMode` since: caps are taken where they are lower, and the history is judged again. Reads only.
 *
 * @throws RunTooLongForInlineError where the history of one execution would not hold the run, RunTooLongError where it
 *   takes longer than one lasts; neither is retried
 */
export async function resumedPlan(
  runtime: Runtime,
  run: Run,
  { typed, fresh }: ResumedWith,
): Promise<ResumedPlan> {
  if (run.status !== 'HELD' && run.status !== 'PLANNED') return { plan: run.plan, warnings: [] };
  const { mapMode, region } = runtime.config;
  const { readUnitsPerSecond, writeUnitsPerSecond } = run.plan;
  const caps = await lowerCaps(runtime, run, { typed, fresh });
  const capsPerSecond = Object.values(caps);
  const workers = workersFor({ mapMode, asked: run.plan.workers, capsPerSecond, others: [] });
  const { mapEvents: _former, ...cut } = run.plan;
  const plan = { ...cut, ...caps, workers };
  const isLower =
    caps.readUnitsPerSecond !== readUnitsPerSecond || caps.writeUnitsPerSecond !== writeUnitsPerSecond;
  const warnings = isLower ? [cappedSentence(plan)] : [];
  // What a dry run has counted. A held run may have done most of its work in earlier executions.
  const rehearsal = run.status === 'PLANNED' ? run.rehearsal : undefined;
  const size = sizeOfPlan(plan, { region, rehearsal });
  if (run.status === 'PLANNED') refuseTooLong(runtime, run, { typed, size });
  if (mapMode === 'DISTRIBUTED') return { plan, warnings };
  const work = mapWorkOf({ ...size, segments: plan.segments.length });
  if (!fitsHistory(work)) throw tooLong(runtime, { run, typed });
  return { plan: { ...plan, mapEvents: mapEvents(work) }, warnings };
}

/** Whether a field is a cap that the run keeps to. */
export const isCapOf = ({ plan }: ResumedPlan, field: string, typed: Caps): boolean =>
  CAP_NAMES.some((cap) => cap === field && plan[cap] === typed[cap]);

/** The caps of the run's plan, or those of the fresh one where they are lower. */
async function lowerCaps(
  runtime: Runtime,
  run: Run,
  { typed, fresh }: ResumedWith,
): Promise<Record<CapName, number>> {
  const { plan, parameters } = run;
  const isOwn = await fillsOwnTable(runtime, run);
  const lower = (cap: CapName): number => {
    // A cap that was asked for is no default, which follows from what a table in use has.
    const isDefault = parameters[cap] === undefined && !(isOwn && cap === 'writeUnitsPerSecond');
    if (fresh[cap] === 0 || (typed[cap] === undefined && !isDefault)) return plan[cap];
    return plan[cap] === 0 ? fresh[cap] : Math.min(plan[cap], fresh[cap]);
  };
  return {
    readUnitsPerSecond: lower('readUnitsPerSecond'),
    writeUnitsPerSecond: lower('writeUnitsPerSecond'),
  };
}

/** Nobody else uses a table that the run has made, so what it has is the run's alone. */
async function fillsOwnTable(runtime: Runtime, run: Run): Promise<boolean> {
  const filled = new Set(filledTablesOf(runtime, run).map(({ name }) => name));
  const tables = await listTables(runtime.ledger, run.runId);
  return tables.some(({ name, outcome }) => filled.has(name) && outcome !== 'EXISTED');
}

function cappedSentence(plan: Plan): string {
  return `The caps of the run are lower than when it was planned (${capsText(plan)}). They follow from the input that resumed it and from what its tables can spare now.`;
}

function tooLong(
  { config }: Runtime,
  { run, typed }: { readonly run: Run; readonly typed: Input },
): RunTooLongForInlineError {
  const { segments } = run.plan;
  const deploy = capitalized(deployWith('mapMode', 'DISTRIBUTED'));
  return new RunTooLongForInlineError(
    `"resume": run ${run.runId} would fill more than Step Functions' history of 25,000 events (${count(segments.length)} iterations in each Map, at the present caps). Nothing was changed.`,
    stepText([`${deploy}. Then resume`, commandsOf(config).migrate(typed)]),
  );
}

/** SealBackup would refuse it as well, but the plan would be used up. @throws RunTooLongError; not retried */
function refuseTooLong(
  { config }: Runtime,
  run: Run,
  { typed, size }: { readonly typed: Input; readonly size: RunSize },
): void {
  const isHeld = run.parameters.onFailure === 'hold';
  const tooLong = isHeld || isBulk(run) ? undefined : tooLongText(secondsOf(size));
  if (tooLong === undefined) return;
  const again: Input = { ...inputOf(run.parameters), ...typed, resume: undefined, dryRun: true };
  const { migrate } = commandsOf(config);
  const isCapped = CAP_NAMES.some((cap) => again[cap] !== undefined);
  throw new RunTooLongError(
    `"resume": run ${run.runId} would take ${tooLong}. Nothing was changed.`,
    stepText(
      ...(isCapped ? [['For a plan without these caps', migrate({ ...again, ...NO_CAPS })] as const] : []),
      [
        'Or for one that is held when its time is up, and resumed then',
        migrate({ ...again, onFailure: 'hold' }),
      ],
    ),
  );
}
