import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { type RunSize, estimateRun, turnSeconds } from '../shared/cost/estimate.ts';
import { readUnitsPerWorker } from '../shared/cost/throughput.ts';
import { RunTooLongForInlineError } from '../shared/errors.ts';
import type { MigrateInput } from '../shared/runs/migrate-input.ts';
import type { Plan } from '../shared/state.ts';
import { sparedReadUnits, sparedWriteUnits } from '../shared/aws/live-capacity.ts';

/** What the size of a run depends on. */
export interface SizingFacts {
  readonly source: TableDescription;
  /** Items and bytes of DynamoDB JSON on the first page. `isWhole`: there is no second page. */
  readonly probe: { readonly items: number; readonly bytes: number; readonly isWhole: boolean };
  readonly input: MigrateInput;
  readonly config: {
    readonly maxConcurrency: number;
    readonly mapMode: 'INLINE' | 'DISTRIBUTED';
    readonly region: string;
  };
  /** Workers that the Lambda quota carries. */
  readonly quotaWorkers: number | undefined;
  /** The table that items go into, where it exists. */
  readonly target: TableDescription | undefined;
}

/** One worker is quick enough for this many. More workers would only start cold. */
const productsPerWorker = 250;
/** A worker's share of a cap below this would not carry one batch of 25 items a second. */
const unitsPerWorker = 25;
/** Of Step Functions' 25,000 events in a history; the rest is for retries and the states around the Maps. */
const maxMapEvents = 18_000;
const eventsPerTurn = 7;
/** A Map gets at most 1,000 numbers. A fifth of that stays free. */
const maxIterations = 800;
/** More iterations of an INLINE Map than this do not run at once. */
const maxInlineWorkers = 40;
/** A segment or shard larger than this is cut, where that costs no history (DISTRIBUTED). */
const bytesPerIteration = 256 * 2 ** 20;
/** VerifyMigration reads its segment's part of the backup at the start of each turn: 250 s for so many, and 70 MB. */
const productsPerIteration = 1_000_000;
/** An iteration's own events, and the two of its last state. */
const eventsPerIteration = 4;
const maps = 5;

interface Size {
  readonly products: number;
  readonly bytes: number;
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

/** A table in use keeps half of its capacity for its users, unless the input names a cap. */
const readCap = ({ source, input }: SizingFacts): number =>
  input.readUnitsPerSecond ?? sparedReadUnits(source);

const writeCap = ({ target, input }: SizingFacts): number =>
  input.writeUnitsPerSecond ?? sparedWriteUnits(target);

const workersWithin = (cap: number): number =>
  cap === 0 ? Infinity : Math.max(1, Math.floor(cap / unitsPerWorker));

function wantedWorkers(facts: SizingFacts, size: Size, isStale: boolean): number {
  const asked = facts.input.maxConcurrency ?? facts.config.maxConcurrency;
  const useful = isStale ? asked : Math.max(1, Math.ceil(size.products / productsPerWorker));
  const bounds = [
    asked,
    facts.config.mapMode === 'INLINE' ? maxInlineWorkers : maxIterations,
    useful,
    facts.quotaWorkers ?? asked,
    workersWithin(readCap(facts)),
    workersWithin(writeCap(facts)),
  ];
  return Math.max(1, Math.min(...bounds));
}

/** As many rounds as are useful, each of them full. A last round of a few would leave the other workers idle. */
function iterationsFor(mapMode: SizingFacts['config']['mapMode'], size: Size, workers: number): number {
  const byBytes = mapMode === 'INLINE' ? 0 : size.bytes / bytesPerIteration;
  const rounds = Math.ceil(Math.max(byBytes, size.products / productsPerIteration) / workers);
  return workers * Math.max(1, Math.min(rounds, Math.floor(maxIterations / workers)));
}

/** Events of all the Maps in an INLINE history. An existing target is compared key by key, one unit each, which takes turns as well. */
function eventsOf(size: RunSize, workers: number): number {
  const iterations = iterationsFor('INLINE', size, workers);
  const { phases, items } = estimateRun({ ...size, workers, segments: iterations, shards: iterations });
  const comparing = Math.ceil((items + size.products) / readUnitsPerWorker / turnSeconds);
  const turns = phases.reduce((sum, phase) => sum + phase.turns, 0) + Math.max(iterations, comparing);
  return turns * eventsPerTurn + maps * iterations * eventsPerIteration;
}

/** Lowers the workers until the history holds the run. Fewer workers take fewer turns only if a cap binds. */
function fitHistory(facts: SizingFacts, size: RunSize): number {
  if (facts.config.mapMode === 'DISTRIBUTED') return size.workers;
  let { workers } = size;
  while (workers > 1 && eventsOf(size, workers) > maxMapEvents) workers -= 1;
  if (eventsOf(size, workers) > maxMapEvents)
    throw new RunTooLongForInlineError(
      `This run would fill more than Step Functions' history of 25,000 events (${Math.round(size.products)} products at the present caps). Nothing was created. Deploy with --param mapMode=DISTRIBUTED, or start with higher readUnitsPerSecond and writeUnitsPerSecond.`,
    );
  return workers;
}

function loweringWarning({ input, config, quotaWorkers }: SizingFacts, workers: number): readonly string[] {
  const asked = input.maxConcurrency;
  if (asked === undefined || workers >= asked) return [];
  const lowered = `maxConcurrency was lowered from ${asked} to ${workers}:`;
  if (quotaWorkers !== undefined && quotaWorkers < asked)
    return [`${lowered} the account's Lambda quota carries no more.`];
  if (config.mapMode === 'INLINE' && asked > maxInlineWorkers)
    return [
      `${lowered} an INLINE Map runs no more at once. Deploy with --param mapMode=DISTRIBUTED for more.`,
    ];
  return [];
}

const indexesTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

/**
 * Cuts a run: segments, shards, workers, caps, and what it will take.
 *
 * @throws RunTooLongForInlineError when not even one worker fits into an INLINE history; not retried.
 */
export function sizeRun(facts: SizingFacts): Plan {
  const size = sizeOf(facts);
  const isStale = !facts.probe.isWhole && size.products === facts.probe.items;
  const wanted = wantedWorkers(facts, size, isStale);
  const caps = { readUnitsPerSecond: readCap(facts), writeUnitsPerSecond: writeCap(facts) };
  const runSize = { ...size, ...caps, region: facts.config.region };
  const workers = fitHistory(facts, { ...runSize, workers: wanted });
  const iterations = iterationsFor(facts.config.mapMode, size, workers);
  const estimate = estimateRun({ ...runSize, workers, segments: iterations, shards: iterations });
  return {
    segments: [...indexesTo(iterations)],
    shards: [...indexesTo(iterations)],
    workers,
    itemsPerFile: Math.max(4_000, Math.ceil(size.products / 20_000)),
    ...caps,
    estimatedProducts: size.products,
    estimatedBytes: size.bytes,
    estimate: { seconds: Math.round(estimate.seconds), dollars: Number(estimate.dollars.toFixed(6)) },
    warnings: [...loweringWarning(facts, workers)],
  };
}
