import { phasesOf } from './phases.ts';
import { pricesOf } from './prices.ts';
import { measureRun, type RunSize } from './run-size.ts';
import { type Billing, WORKER_GIGABYTES } from './usage.ts';
import {
  type AskedEngine,
  bulkPutDollars,
  type EngineEstimate,
  type EngineFacts,
  unknownOfBulkPut,
  type WriteEngine,
} from './write-engine.ts';

/** What is to be written, by whichever engine. */
export interface Load extends Pick<Billing, 'region' | 'unpricedClass'> {
  /** Of our own writes, indexes included. */
  readonly writeUnits: number;
  /** Of the items, by DynamoDB's size rule. */
  readonly bytes: number;
  /** That write, and for how long. */
  readonly workers: number;
  readonly seconds: number;
}

/** What a run loads into its tables. */
export function loadOf(size: RunSize): Load {
  const run = measureRun({ ...size, writeEngine: 'batch' });
  const { bytes } = run.target;
  const writeUnits = run.target.writeUnits + run.target.indexWriteUnits;
  const { seconds = 0 } = phasesOf(run, true).find(({ state }) => state === 'MigrateProducts') ?? {};
  return { ...size, writeUnits, bytes, seconds };
}

/**
 * What filling the tables takes with each write engine, the rest of the run left out. Pure.
 *
 * - batch: the write units of the items and of their entries in indexes, and W workers of 1,769 MB for as long as they write;
 * - bulk: DynamoDB's price for the bytes of the items. How long it takes is stated nowhere.
 */
export function engineEstimates(load: Load): Readonly<Record<WriteEngine, EngineEstimate>> {
  const { region, bytes, seconds, unpricedClass } = load;
  const isPriced = unpricedClass === undefined;
  return {
    batch: { seconds, dollars: isPriced ? batchDollars(load) : undefined },
    bulk: { seconds: undefined, dollars: isPriced ? bulkPutDollars(region, bytes) : undefined },
  };
}

/** All that the choice of an engine follows from. */
export function engineFacts(
  load: Load,
  { asked, obstacles }: { readonly asked: AskedEngine; readonly obstacles: readonly string[] },
): EngineFacts {
  return { asked, obstacles, unknown: unknownOfBulkPut(load.region), ...engineEstimates(load) };
}

function batchDollars({ region, writeUnits, workers, seconds }: Load): number | undefined {
  const prices = pricesOf(region);
  if (prices === undefined) return undefined;
  const gigabyteSeconds = WORKER_GIGABYTES * workers * seconds;
  return (
    writeUnits * prices.dynamodb.dollars.writeRequestUnit +
    gigabyteSeconds * prices.lambda.dollars.gigabyteSecond
  );
}
