import { deployWith } from '../shared/deploy-with.cjs';
import { count } from '../shared/counted.ts';
import { fitsHistory, type MapWork } from '../shared/cost/history.ts';
import { TURN_SECONDS } from '../shared/cost/phases.ts';
import { measureRun, sizeOfPlan } from '../shared/cost/run-size.ts';
import { READ_UNITS_PER_WORKER, sustainedRate, TABLE_QUOTA } from '../shared/cost/throughput.ts';
import type { Config } from '../shared/env.ts';
import { RunTooLongForInlineError } from '../shared/errors.ts';
import type { Plan } from '../shared/state.ts';

/** CompareSource and CompareTarget. */
const MAPS = 2;

/**
 * Refuses caps at which the Maps of a compare would not fit into the history of an execution.
 *
 * @throws RunTooLongForInlineError before anything is begun; not retried
 */
export function assertCompareFits({ mapMode, region }: Pick<Config, 'mapMode' | 'region'>, plan: Plan): void {
  if (mapMode === 'DISTRIBUTED' || fitsHistory(mapsOf(plan, region))) return;
  throw new RunTooLongForInlineError(
    `A compare would fill more than Step Functions' history of 25,000 events (${count(plan.estimatedProducts)} source items at the present caps). Nothing was begun. To allow more, ${deployWith('mapMode', 'DISTRIBUTED')}, or start with a higher readUnitsPerSecond.`,
  );
}

/** At least: each Map reads the source once, by Scan or by key, at a unit or more for each item. */
function mapsOf(plan: Plan, region: string): MapWork {
  const { size, sourceUnits, segments } = measureRun(sizeOfPlan(plan, { region }));
  const { workers, readUnitsPerSecond: capPerSecond = 0, products } = size;
  const rate = sustainedRate({ capPerSecond, workers, perWorker: READ_UNITS_PER_WORKER, quota: TABLE_QUOTA });
  const seconds = (MAPS * Math.max(sourceUnits, products)) / rate;
  const iterations = MAPS * segments;
  return { iterations, turns: iterations + Math.ceil((workers * seconds) / TURN_SECONDS) };
}
