import { costOf, type Usage } from '../../functions/shared/cost/usage.ts';
import type { Cost } from '../../functions/shared/cost/cost.ts';
import { RunTooLongForInlineError } from '../../functions/shared/errors.ts';
import { parseMigrateInput } from '../../functions/shared/runs/migrate-input.ts';
import { partitionOf } from '../../functions/shared/aws/partition.ts';
import type { Plan } from '../../functions/shared/state.ts';
import { sizeRun } from '../../functions/test-connection/size-run.ts';
import { type MapMode, readMigrate } from './definition.ts';
import { readFunctionSpecs } from './function-specs.ts';
import { type Limit, limitsOf } from './limits.ts';
import { modelledFunctions } from './modelled-functions.ts';
import { transitionMillis } from './pace-of-services.ts';
import { measureShape, type ProductShape } from './product-shape.ts';
import { runMachine, type Tally } from './run-machine.ts';
import { createVirtualClock } from './virtual-clock.ts';
import { createWorld, type Scenario, type World } from './world.ts';

/** What a simulated run came to. */
export interface SimulatedRun {
  readonly mode: MapMode;
  readonly products: number;
  readonly warm: boolean;
  /** `REFUSED`: the planner says before anything is created that this does not fit. */
  readonly outcome: 'SUCCEEDED' | 'REFUSED';
  /** Why it was refused. */
  readonly error?: string;
  readonly measured?: MeasuredRun;
}

/** Figures of a run that succeeded. */
export interface MeasuredRun {
  readonly durationSeconds: number;
  /** As the planner estimated it. */
  readonly estimatedSeconds: number;
  readonly workers: number;
  readonly segments: number;
  readonly shards: number;
  readonly files: number;
  readonly turns: number;
  /** Of the machine's own execution, and of its longest child. */
  readonly historyEvents: number;
  readonly longestChildEvents: number;
  readonly childExecutions: number;
  readonly transitions: number;
  readonly payloadBytes: number;
  readonly lambdaRequests: number;
  readonly lambdaSeconds: number;
  readonly lambdaGigabyteSeconds: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  readonly ledgerReadUnits: number;
  readonly ledgerWriteUnits: number;
  /** Highest write units a second at the target. */
  readonly peakWriteUnitsPerSecond: number;
  readonly cost: Cost;
  readonly limits: readonly Limit[];
  /** Highest share of a limit. */
  readonly highestShare: number;
}

const region = 'ap-southeast-2';
const maxConcurrency = 20;
/** Lambda's quota of an account less what the planner spares. */
const quotaWorkers = 995;

function planOf(scenario: Scenario, shape: ProductShape, mapMode: MapMode): Plan {
  const source = {
    ItemCount: scenario.products,
    TableSizeBytes: Math.round(scenario.products * shape.sourceBytes),
  };
  const probe = { items: Math.min(500, scenario.products), bytes: 500 * shape.lineBytes, isWhole: false };
  const asked = scenario.workers === undefined ? {} : { maxConcurrency: scenario.workers };
  return sizeRun({
    source,
    probe,
    input: parseMigrateInput(asked),
    config: { maxConcurrency, mapMode, region },
    quotaWorkers,
    target: undefined,
  });
}

function usageOf(world: World, tally: Tally): Usage {
  const { meters, source, targetReads, targetWrites } = world;
  return {
    readUnits: source.units + targetReads.units + meters.ledgerReadUnits,
    writeUnits: targetWrites.units + meters.ledgerWriteUnits,
    putRequests: meters.putRequests + 10,
    getRequests: meters.getRequests + 10,
    lambdaRequests: meters.lambdaRequests,
    lambdaGigabyteSeconds: meters.lambdaGigabyteSeconds,
    transitions: tally.transitions,
  };
}

/** Runs the machine in virtual time, with the plan that the real planner makes. */
export async function simulateRun(scenario: Scenario, mode: MapMode): Promise<SimulatedRun> {
  const shape = measureShape();
  const about = { mode, products: scenario.products, warm: scenario.warm };
  let plan: Plan;
  try {
    plan = planOf(scenario, shape, mode);
  } catch (error) {
    if (!(error instanceof RunTooLongForInlineError)) throw error;
    return { ...about, outcome: 'REFUSED', error: `${error.name}: ${error.message}` };
  }
  return { ...about, outcome: 'SUCCEEDED', measured: await measureRun({ scenario, shape, plan, mode }) };
}

interface RunParts {
  readonly scenario: Scenario;
  readonly shape: ProductShape;
  readonly plan: Plan;
  readonly mode: MapMode;
}

async function measureRun({ scenario, shape, plan, mode }: RunParts): Promise<MeasuredRun> {
  const clock = createVirtualClock();
  const functions = await readFunctionSpecs();
  const definition = await readMigrate(mode);
  const world = createWorld({ clock, scenario, plan, shape, functions });
  const name = 'a'.repeat(80);
  const Id = `arn:${partitionOf(region).name}:states:${region}:123456789012:execution:products-migration-prod-migrate:${name}`;
  const { tally } = await clock.run(() =>
    runMachine(definition, {
      invoke: modelledFunctions(world),
      transit: () => clock.sleep(transitionMillis),
      wait: (seconds) => clock.sleep(seconds * 1_000),
      execution: { Id, Name: name, StartTime: '2026-01-01T00:00:00.000Z', Input: {} },
    }),
  );
  const seconds = clock.now() / 1_000;
  const limits = limitsOf({ mode, world, tally, definition, seconds });
  return { ...figuresOf(world, tally), durationSeconds: seconds, limits, highestShare: highest(limits) };
}

const highest = (limits: readonly Limit[]): number => Math.max(...limits.map(({ share }) => share));

function figuresOf(
  world: World,
  tally: Tally,
): Omit<MeasuredRun, 'durationSeconds' | 'limits' | 'highestShare'> {
  const { meters, plan, source, targetReads, targetWrites } = world;
  return {
    estimatedSeconds: plan.estimate.seconds,
    workers: plan.workers,
    segments: plan.segments.length,
    shards: plan.shards.length,
    files: meters.files,
    turns: meters.turns,
    historyEvents: tally.ownEvents,
    longestChildEvents: tally.longestChildEvents,
    childExecutions: tally.childExecutions,
    transitions: tally.transitions,
    payloadBytes: tally.payloadBytes,
    lambdaRequests: meters.lambdaRequests,
    lambdaSeconds: meters.lambdaSeconds,
    lambdaGigabyteSeconds: meters.lambdaGigabyteSeconds,
    readUnits: source.units + targetReads.units,
    writeUnits: targetWrites.units,
    ledgerReadUnits: meters.ledgerReadUnits,
    ledgerWriteUnits: meters.ledgerWriteUnits,
    peakWriteUnitsPerSecond: targetWrites.peakPerSecond,
    cost: costOf(usageOf(world, tally), { region }),
  };
}
