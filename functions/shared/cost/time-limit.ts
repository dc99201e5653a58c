import { RunTooLongError } from '../errors.ts';
import { duration } from '../format.ts';
import type { EstimatedWork } from './cost.ts';
import { secondsOf } from './phases.ts';

/** `TimeoutSeconds` of every machine. What is not done by then is rolled back, or held. */
export const EXECUTION_SECONDS = 604_800;

/** Maps that a dry run goes through. */
const DRY_STATES: ReadonlySet<string> = new Set(['BackupProducts', 'TransformProducts']);

/** Seconds that an execution of `migrate` is expected to last. The time of a bulk put, which nobody knows, is not in it. */
export function executionSeconds(
  { phases, seconds }: Pick<EstimatedWork, 'phases' | 'seconds'>,
  { dryRun }: { readonly dryRun: boolean },
): number {
  return dryRun ? secondsOf(phases.filter(({ state }) => DRY_STATES.has(state))) : seconds;
}

/** An execution, and how long it is expected to last. */
export interface TimedRun {
  /** Such as `migration`. */
  readonly what: 'migration' | 'restore';
  readonly seconds: number;
  /** What happens to a run that is not done in time, as a clause. */
  readonly ending: string;
  /** How to start it so that it is done in time, a sentence. */
  readonly remedy: string;
  /** As `stepText` words it. */
  readonly nextStep?: string | undefined;
}

/** Why a run is not begun that its execution has no time for; `undefined` where it has. */
export function timeRefusal({ seconds, nextStep, ...run }: TimedRun): RunTooLongError | undefined {
  if (seconds <= EXECUTION_SECONDS) return undefined;
  return new RunTooLongError(`${overTime({ seconds, ...run })} Nothing was created. ${run.remedy}`, nextStep);
}

/** A sentence. */
export const overTime = ({ what, seconds, ending }: Pick<TimedRun, 'what' | 'seconds' | 'ending'>): string =>
  `The ${what} is estimated at ${duration(seconds)}, and an execution ends after ${duration(EXECUTION_SECONDS)}: ${ending}.`;
