import { deployWith } from '../shared/deploy-with.cjs';
import { count } from '../shared/counted.ts';
import { FILLABLE_EVENTS, fitsHistory, mapEvents, type MapWork } from '../shared/cost/history.ts';
import { TURN_SECONDS } from '../shared/cost/phases.ts';
import { measureRun, sizeOfPlan } from '../shared/cost/run-size.ts';
import { READ_UNITS_PER_WORKER, sustainedRate, TABLE_QUOTA } from '../shared/cost/throughput.ts';
import type { Config } from '../shared/env.ts';
import { RunTooLongError, RunTooLongForInlineError } from '../shared/errors.ts';
import { tooLongText } from '../shared/runs/one-execution.ts';
import type { Plan } from '../shared/state.ts';
import { PATIENCE_MILLIS, POLL_SECONDS } from './drain.ts';

/** CompareSource and CompareTarget. */
const MAPS = 2;

/** SettlePending and Drain of five events each, a Choice and a Wait of two. */
const EVENTS_PER_LOOK = 14;
const DRAIN_EVENTS = Math.ceil(PATIENCE_MILLIS / 1_000 / POLL_SECONDS) * EVENTS_PER_LOOK;

/** Whether it is for a sync, or for a compare alone. */
interface FitsFor {
  readonly isSync: boolean;
}

/** @throws what {@link compareRefusal} gives, before anything is begun; not retried */
export function assertCompareFits(config: FitsConfig, plan: Plan, fitsFor: FitsFor): void {
  const refusal = compareRefusal(config, plan, fitsFor);
  if (refusal !== undefined) throw refusal;
}

type FitsConfig = Pick<Config, 'mapMode' | 'region'>;

/**
 * The error of caps at which the Maps of an execution would not fit into its history, or take longer than it lasts. For a
 * sync that is a cut over which does not switch: it waits, compares without repairing, then compares again and repairs.
 * Otherwise it is one compare. `undefined`: it fits.
 */
export function compareRefusal(
  { mapMode, region }: FitsConfig,
  plan: Plan,
  { isSync }: FitsFor,
): RunTooLongError | RunTooLongForInlineError | undefined {
  const { work, seconds } = mapsOf(plan, region);
  const what = isSync ? 'A cut over, which compares twice if it does not switch,' : 'A compare';
  const tooLong = tooLongText(isSync ? 2 * seconds : seconds);
  if (tooLong !== undefined)
    return new RunTooLongError(
      `${what} would take ${tooLong}. Nothing was begun. Start${isSync ? ' the sync' : ''} with a higher readUnitsPerSecond.`,
    );
  const fits = isSync ? 2 * mapEvents(work) + DRAIN_EVENTS <= FILLABLE_EVENTS : fitsHistory(work);
  if (mapMode === 'DISTRIBUTED' || fits) return undefined;
  return new RunTooLongForInlineError(
    `${what} would fill more than Step Functions' history of 25,000 events (${count(plan.estimatedProducts)} source items at the present caps). Nothing was begun. To allow more, ${deployWith('mapMode', 'DISTRIBUTED')}, or start${isSync ? ' the sync' : ''} with a higher readUnitsPerSecond.`,
  );
}

/** At least: each Map reads the source once, by Scan or by key, at a unit or more for each item. */
function mapsOf(plan: Plan, region: string): { readonly work: MapWork; readonly seconds: number } {
  const { size, sourceUnits, segments } = measureRun(sizeOfPlan(plan, { region }));
  const { workers, readUnitsPerSecond: capPerSecond = 0, products } = size;
  const rate = sustainedRate({ capPerSecond, workers, perWorker: READ_UNITS_PER_WORKER, quota: TABLE_QUOTA });
  const seconds = (MAPS * Math.max(sourceUnits, products)) / rate;
  const iterations = MAPS * segments;
  const turns = iterations + Math.ceil((workers * seconds) / TURN_SECONDS);
  return { work: { iterations, turns }, seconds };
}
