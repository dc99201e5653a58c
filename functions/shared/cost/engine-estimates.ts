import type { EstimatedWork } from './cost.ts';
import { pricesOf } from './prices.ts';
import { measureRun, type RunSize } from './run-size.ts';
import { WORKER_GIGABYTES } from './usage.ts';
import { bulkPutDollars, type EngineEstimate, type WriteEngine } from './write-engine.ts';

/**
 * What filling the tables takes with each write engine, the rest of the run left out. Pure.
 *
 * - batch: the write units of the items and W workers of 1,769 MB for as long as MigrateProducts lasts;
 * - bulk: DynamoDB's price for the bytes of the items. How long it takes is stated nowhere.
 */
export function engineEstimates(
  size: RunSize,
  { phases }: Pick<EstimatedWork, 'phases'>,
): Readonly<Record<WriteEngine, EngineEstimate>> {
  const { target } = measureRun(size);
  const seconds = phases.find(({ state }) => state === 'MigrateProducts')?.seconds;
  return {
    batch: { seconds, dollars: batchDollars(size, { writeUnits: target.writeUnits, seconds }) },
    bulk: { seconds: undefined, dollars: bulkPutDollars(size.region, target.bytes) },
  };
}

function batchDollars(
  { region, workers }: RunSize,
  { writeUnits, seconds }: { readonly writeUnits: number; readonly seconds: number | undefined },
): number | undefined {
  const prices = pricesOf(region);
  if (prices === undefined || seconds === undefined) return undefined;
  const gigabyteSeconds = WORKER_GIGABYTES * workers * seconds;
  return (
    writeUnits * prices.dynamodb.dollars.writeRequestUnit +
    gigabyteSeconds * prices.lambda.dollars.gigabyteSecond
  );
}
