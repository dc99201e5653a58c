import { migration } from '#migration/index.ts';
import type { Estimate } from '../../../functions/shared/cost/cost.ts';
import { estimateRun, workersOf } from '../../../functions/shared/cost/estimate.ts';
import { childEvents, type MapMode, migrateEvents } from '../../../functions/shared/cost/history.ts';
import { measureRun, modelIndexes, sizeOfPlan } from '../../../functions/shared/cost/run-size.ts';
import { type Billing, ledgerUnits } from '../../../functions/shared/cost/usage.ts';
import { isNamed } from '../../../functions/shared/errors.ts';
import type { MigrateInput } from '../../../functions/shared/runs/migrate-input.ts';
import type { Plan } from '../../../functions/shared/state.ts';
import { bulkRefusal, migrateObstacles } from '../../../functions/shared/tables/bulk-obstacles.ts';
import { sizeRun } from '../../../functions/test-connection/size-run.ts';
import { compareEngines, type EngineComparison } from '../engine-comparison.ts';
import { largestPayload } from './payload.ts';
import type { AverageProduct } from './sample-product.ts';

/** A run that is only thought of. */
export interface Thought extends Billing {
  readonly products: number;
  readonly product: AverageProduct;
  readonly input: MigrateInput;
}

/** What such a run comes to. */
export interface ScaledRun {
  readonly products: number;
  readonly mapMode: MapMode;
  /** As TestConnection would cut it. */
  readonly plan: Plan;
  readonly estimate: Estimate;
  readonly engines: EngineComparison;
  readonly files: number;
  /** Calls of Map workers. */
  readonly turns: number;
  /** Of the longest history: the execution's own, or that of one iteration. */
  readonly historyEvents: number;
  /** Units written to the ledger. */
  readonly ledgerWrites: number;
  readonly payloadBytes: number;
}

/** A run that TestConnection would refuse. */
export interface RefusedRun {
  readonly products: number;
  readonly mapMode: MapMode;
  /** The error with its sentence, as the run would end with it. */
  readonly refusal: string;
}

/** `maxConcurrency` of a deployment that says nothing else. */
const DEFAULT_WORKERS = 20;

/** Plans a run as TestConnection would. Needs no account and no network. */
export function scaleRun(thought: Thought, mapMode: MapMode): ScaledRun | RefusedRun {
  const { products } = thought;
  try {
    return countRun(thought, mapMode, planOf(thought, mapMode));
  } catch (error) {
    if (!isNamed(error, 'RunTooLongForInlineError', 'RunTooLongError', 'InvalidInputError')) throw error;
    return { products, mapMode, refusal: `${error.name}: ${error.message}` };
  }
}

export const isRefused = (run: ScaledRun | RefusedRun): run is RefusedRun => 'refusal' in run;

/** Those that are not refused. */
export const acceptedOf = (runs: readonly (ScaledRun | RefusedRun)[]): readonly ScaledRun[] =>
  runs.flatMap((run) => (isRefused(run) ? [] : [run]));

function planOf({ products, product, input, region }: Thought, mapMode: MapMode): Plan {
  return sizeRun({
    source: { ItemCount: products, TableSizeBytes: Math.round(products * product.bytes) },
    probe: { items: 0, bytes: 0, isWhole: false, made: product.target },
    input,
    config: { maxConcurrency: DEFAULT_WORKERS, mapMode, region },
    quotaWorkers: undefined,
    targets: [],
    indexes: modelIndexes(migration),
  });
}

function countRun(thought: Thought, mapMode: MapMode, plan: Plan): ScaledRun {
  const { products, input } = thought;
  const size = sizeOfPlan(plan, { ...thought, migration });
  const { onExisting, writeEngine: asked = 'batch' } = input;
  const obstacles = migrateObstacles(size, { tables: migration.filled.map(() => undefined), onExisting });
  const refusal = bulkRefusal(asked, obstacles, { what: 'run' });
  if (refusal !== undefined) throw refusal;
  const engines = compareEngines(size, { asked, obstacles });
  const estimate = estimateRun({ ...size, writeEngine: engines.chosen.engine });
  const work = workersOf(measureRun(size), estimate.phases);
  const own = migrateEvents(work, { mapMode, tables: migration.targets.length });
  const longest = Math.max(...estimate.phases.map(({ turns }) => turns / plan.segments.length));
  return {
    products,
    mapMode,
    plan,
    estimate,
    engines,
    files: work.files,
    turns: work.turns,
    historyEvents: mapMode === 'INLINE' ? own : Math.max(own, childEvents(longest)),
    ledgerWrites: ledgerUnits(work).writeUnits,
    payloadBytes: largestPayload(plan, input),
  };
}
