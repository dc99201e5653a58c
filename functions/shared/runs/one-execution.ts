import { count } from '../counted.ts';
import { estimateRun } from '../cost/estimate.ts';
import { EXECUTION_SECONDS, fitsHistory, mapEvents } from '../cost/history.ts';
import { mapWorkOf } from '../cost/map-work.ts';
import { secondsOf as secondsOfPhases } from '../cost/phases.ts';
import { type RehearsedSize, type RunSize, sizeOfPlan } from '../cost/run-size.ts';
import { deployWith } from '../deploy-with.cjs';
import { RunTooLongError, RunTooLongForInlineError } from '../errors.ts';
import { isBulk, type Run } from '../ledger/run.ts';
import type { Runtime } from '../runtime.ts';
import type { Plan } from '../state.ts';

const DAY_SECONDS = 86_400;
export const EXECUTION_DAYS = EXECUTION_SECONDS / DAY_SECONDS;

/** What is said of a run that takes too long. */
export interface LongRun {
  /** What there is of it by now, a sentence. */
  readonly state: string;
  /** Whether it can be held when its time is up, and resumed. */
  readonly canBeHeld: boolean;
}

/** The error of what takes this long; `undefined`: one execution can do it. */
export function timeRefusal(seconds: number, { state, canBeHeld }: LongRun): RunTooLongError | undefined {
  const tooLong = tooLongText(seconds);
  if (tooLong === undefined) return undefined;
  const orHeld = canBeHeld ? ', or with "onFailure": "hold" to resume it when its time is up' : '';
  return new RunTooLongError(`This would take ${tooLong}. ${state} Start with higher caps${orHeld}.`);
}

/** `about 9 days at the present caps, and ...`, of what takes longer than an execution lasts; `undefined`: it does not. */
export function tooLongText(seconds: number): string | undefined {
  if (seconds <= EXECUTION_SECONDS) return undefined;
  return `about ${count(Math.ceil(seconds / DAY_SECONDS))} days at the present caps, and an execution ends after ${EXECUTION_DAYS} days`;
}

/** Seconds of a run into tables that take what the caps allow. Nobody knows how long a bulk put takes. */
export const secondsOf = (size: RunSize): number => estimateRun(size).secondsAtCaps;

/** Maps that a dry run goes through. */
const DRY_STATES: ReadonlySet<string> = new Set(['BackupProducts', 'TransformProducts']);

/** Seconds of a dry run, which writes into no table. */
export const secondsOfDryRun = (size: RunSize): number =>
  secondsOfPhases(estimateRun(size).phases.filter(({ state }) => DRY_STATES.has(state)));

/** How many executions have worked on the run before, since it was planned or began. */
function earlierExecutions({ attempts = [], plannedAt }: Pick<Run, 'attempts' | 'plannedAt'>): number {
  return attempts.length - (plannedAt === undefined ? 0 : 1);
}

/** What is known of a run's length once its items are counted. */
export interface CountedLength {
  /** The plan with the events that the run fills. Absent: there is nothing to note. */
  readonly plan?: Plan;
  /** Why one execution cannot complete it. */
  readonly refusal?: RunTooLongError | RunTooLongForInlineError;
}

/**
 * Judges by what was counted whether one execution can complete the run, before any table exists. The plan had to assume
 * how many items there will be. A run that was held has done a part of its work in other executions, and is not judged.
 */
export function countedLength(
  { config: { mapMode, region } }: Pick<Runtime, 'config'>,
  run: Run,
  rehearsal: RehearsedSize,
): CountedLength {
  const { plan, kind, parameters, backupId } = run;
  const isWhole = kind === 'migrate' && !parameters.dryRun && earlierExecutions(run) <= 0;
  if (!isWhole || isBulk(run)) return {};
  const size = sizeOfPlan(plan, { region, rehearsal });
  const state = `No table was created. Backup ${backupId} is kept.`;
  const isHeld = parameters.onFailure === 'hold';
  const refusal = isHeld ? undefined : timeRefusal(secondsOf(size), { state, canBeHeld: true });
  if (refusal !== undefined) return { refusal };
  if (mapMode === 'DISTRIBUTED') return {};
  const work = mapWorkOf({ ...size, segments: plan.segments.length });
  if (fitsHistory(work)) return { plan: { ...plan, mapEvents: mapEvents(work) } };
  const items = rehearsal.metadata + rehearsal.variants;
  return {
    refusal: new RunTooLongForInlineError(
      `This run would fill more than Step Functions' history of 25,000 events (${count(items)} items to write at the present caps). ${state} To allow more, ${deployWith('mapMode', 'DISTRIBUTED')}, or start with higher caps.`,
    ),
  };
}
