import { deployWith } from '../shared/deploy-with.cjs';
import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { count } from '../shared/counted.ts';
import { isCosted } from '../shared/cost/cost.ts';
import { estimateRun } from '../shared/cost/estimate.ts';
import { fitsHistory, mapEvents, type MapMode, type MapWork } from '../shared/cost/history.ts';
import { mapWorkOf } from '../shared/cost/map-work.ts';
import { unpricedClassOf, unpricedSentence } from '../shared/cost/prices.ts';
import { itemsPerFileFor, type RunSize, sizeOfPlan, type TargetSize } from '../shared/cost/run-size.ts';
import { RunTooLongForInlineError } from '../shared/errors.ts';
import { indexesTo, iterationsFor, MAX_INLINE_WORKERS, workersFor } from '../shared/runs/cut-work.ts';
import type { MigrateInput } from '../shared/runs/migrate-input.ts';
import { EXECUTION_DAYS, secondsOf, secondsOfDryRun, timeRefusal } from '../shared/runs/one-execution.ts';
import type { Plan } from '../shared/state.ts';
import { hasProvisionedReads, leastSparedWriteUnits, sparedReadUnits } from '../shared/aws/live-capacity.ts';

/** What the size of a run depends on. */
export interface SizingFacts {
  readonly source: TableDescription;
  /** Items and bytes of DynamoDB JSON on the first page. `isWhole`: there is no second page. */
  readonly probe: {
    readonly items: number;
    readonly bytes: number;
    readonly isWhole: boolean;
    /** What one of them becomes on average. Absent: none becomes anything. */
    readonly made?: TargetSize | undefined;
  };
  readonly input: MigrateInput;
  readonly config: {
    readonly maxConcurrency: number;
    readonly mapMode: MapMode;
    readonly region: string;
  };
  /** Workers that the Lambda quota carries. */
  readonly quotaWorkers: number | undefined;
  /** The tables that items go into, as far as they exist. */
  readonly targets: readonly (TableDescription | undefined)[];
  /** Of the table that has most of them, as it is or as it will be created. */
  readonly indexes?: number;
}

/** One worker is quick enough for this many. More workers would only start cold. */
const PRODUCTS_PER_WORKER = 250;
/** Of a segment that has drifted, VerifyMigration reads the backup in each turn: 250 s for this many, and 70 MB. */
const PRODUCTS_PER_ITERATION = 1_000_000;

interface Size {
  readonly products: number;
  readonly bytes: number;
}

/**
 * Cuts a run: segments, shards, workers, caps, and what it will take.
 *
 * @throws RunTooLongForInlineError when not even one worker fits into an INLINE history, RunTooLongError; not retried.
 */
export function sizeRun(facts: SizingFacts): Plan {
  const size = sizeOf(facts);
  const isStale = !facts.probe.isWhole && size.products === facts.probe.items;
  const wanted = wantedWorkers(facts, size, isStale);
  const caps = { readUnitsPerSecond: readCap(facts), writeUnitsPerSecond: writeCap(facts) };
  const { indexes = 0 } = facts;
  const { made } = facts.probe;
  const indexed = { ...(indexes > 0 && { indexes }), ...(made !== undefined && { made }) };
  const runSize = { ...size, ...caps, ...indexed, region: facts.config.region };
  const workers = fitHistory(facts, { ...runSize, workers: wanted });
  const iterations = iterationsOf(facts.config.mapMode, size, workers);
  const unpricedClass = unpricedClassOf([facts.source, ...facts.targets].map(classOf));
  const plan = {
    segments: indexesTo(iterations),
    shards: indexesTo(iterations),
    workers,
    itemsPerFile: itemsPerFileFor(size.products),
    ...caps,
    ...indexed,
    ...(unpricedClass !== undefined && { unpricedClass }),
    ...(hasProvisionedReads(facts.source) && { sourceBilling: 'PROVISIONED' as const }),
    estimatedProducts: size.products,
    estimatedBytes: size.bytes,
    ...(facts.config.mapMode === 'INLINE' && {
      mapEvents: mapEvents(mapsOf({ ...runSize, workers }, workers)),
    }),
    warnings: loweringWarning(facts, workers),
  };
  return withinTime(facts, priced(plan, facts.config.region));
}

/**
 * A resumed run has done a part of its work, so that nothing is said of it.
 *
 * @throws RunTooLongError where the run would be rolled back before it can end; not retried
 */
function withinTime({ input, config }: SizingFacts, plan: Plan): Plan {
  const { writeEngine = 'batch', onFailure, dryRun, resume } = input;
  if (resume !== undefined) return plan;
  const size = sizeOfPlan(plan, config);
  const ofRun = writeEngine === 'batch' ? secondsOf(size) : 0;
  const refusal = timeRefusal(dryRun ? secondsOfDryRun(size) : ofRun, {
    state: 'Nothing was created.',
    canBeHeld: true,
  });
  if (refusal !== undefined && onFailure !== 'hold') throw refusal;
  if (refusal !== undefined) return { ...plan, warnings: [...plan.warnings, HELD_IN_TIME] };
  const later = timeRefusal(ofRun, { state: 'A run like this is refused.', canBeHeld: true });
  return later === undefined ? plan : { ...plan, warnings: [...plan.warnings, later.message] };
}

const HELD_IN_TIME = `The run takes longer than the ${EXECUTION_DAYS} days that an execution lasts. It is held then, and goes on when it is resumed.`;

const classOf = (table: TableDescription | undefined): string | undefined =>
  table?.TableClassSummary?.TableClass;

/** The plan with what it will take, and a warning where nobody knows what it costs. */
export function priced(plan: Omit<Plan, 'estimate'>, region: string): Plan {
  const estimate = estimateRun(sizeOfPlan(plan, { region }));
  const warnings = isCosted(estimate) ? plan.warnings : [unpricedSentence(estimate), ...plan.warnings];
  const dollars = isCosted(estimate) ? { dollars: Number(estimate.dollars.toFixed(6)) } : {};
  return {
    ...plan,
    estimate: { seconds: Math.round(estimate.seconds), ...dollars },
    warnings: [...new Set(warnings)],
  };
}

/** DescribeTable's figures are up to six hours old. A first page that holds everything, or more than they say, is better. */
function sizeOf({ source, probe }: SizingFacts): Size {
  const described = { products: source.ItemCount ?? 0, bytes: source.TableSizeBytes ?? 0 };
  if (probe.isWhole) return { products: probe.items, bytes: probe.bytes };
  return {
    products: Math.max(described.products, probe.items),
    bytes: Math.max(described.bytes, probe.bytes),
  };
}

function wantedWorkers(facts: SizingFacts, size: Size, isStale: boolean): number {
  const asked = facts.input.maxConcurrency ?? facts.config.maxConcurrency;
  const useful = isStale ? asked : Math.max(1, Math.ceil(size.products / PRODUCTS_PER_WORKER));
  return workersFor({
    mapMode: facts.config.mapMode,
    asked,
    capsPerSecond: [readCap(facts), writeCap(facts)],
    others: [useful, facts.quotaWorkers ?? asked],
  });
}

/** A table in use keeps half of its capacity for its users, unless the input names a cap. */
const readCap = ({ source, input }: SizingFacts): number =>
  input.readUnitsPerSecond ?? sparedReadUnits(source);

const writeCap = ({ targets, input }: SizingFacts): number =>
  input.writeUnitsPerSecond ?? leastSparedWriteUnits(targets);

/** Lowers the workers until the history holds the run. Fewer workers take fewer turns only if a cap binds. */
function fitHistory(facts: SizingFacts, size: RunSize): number {
  if (facts.config.mapMode === 'DISTRIBUTED') return size.workers;
  let { workers } = size;
  while (workers > 1 && !fitsHistory(mapsOf(size, workers))) workers -= 1;
  if (!fitsHistory(mapsOf(size, workers)))
    throw new RunTooLongForInlineError(
      `This run would fill more than Step Functions' history of 25,000 events (${count(size.products)} source items at the present caps). Nothing was created. To allow more, ${deployWith('mapMode', 'DISTRIBUTED')}, or start with higher readUnitsPerSecond and writeUnitsPerSecond.`,
    );
  return workers;
}

/** The Maps of an INLINE run with so many workers. */
function mapsOf(size: RunSize, workers: number): MapWork {
  return mapWorkOf({ ...size, workers, segments: iterationsOf('INLINE', size, workers) });
}

function iterationsOf(mapMode: MapMode, { bytes, products }: Size, workers: number): number {
  return iterationsFor({ mapMode, workers, bytes, needed: products / PRODUCTS_PER_ITERATION });
}

function loweringWarning({ input, config, quotaWorkers }: SizingFacts, workers: number): string[] {
  const asked = input.maxConcurrency;
  if (asked === undefined || workers >= asked) return [];
  const lowered = `maxConcurrency was lowered from ${asked} to ${workers}:`;
  if (quotaWorkers !== undefined && quotaWorkers < asked)
    return [`${lowered} the account's Lambda quota carries no more.`];
  if (config.mapMode === 'INLINE' && asked > MAX_INLINE_WORKERS)
    return [
      `${lowered} an INLINE Map runs no more at once. For more, ${deployWith('mapMode', 'DISTRIBUTED')}.`,
    ];
  return [];
}
