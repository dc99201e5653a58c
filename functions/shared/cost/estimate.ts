import { type Estimate, type EstimatedWork, isCosted, type PhaseEstimate } from './cost.ts';
import { bucketMonthlyDollars, monthlyCost } from './monthly.ts';
import { phasesOf, secondsOf } from './phases.ts';
import { type PriceList, pricesOf } from './prices.ts';
import { GZIP_RATIO, measureRun, type MeasuredRun, type RunSize } from './run-size.ts';
import { costOf, serviceUsage, type Usage, type WorkerUsage } from './usage.ts';

const NO_ITEMS = { items: 0, bytes: 0, indexStorageBytes: 0 };

/**
 * Estimates a run. `estimateRun({region, products, bytes, workers})` is enough, and every other field refines it. Without
 * prices of the region it says nothing of money.
 * Pure; nothing is rounded. The arithmetic, with S segments, W workers:
 *
 * - target: what a rehearsal has counted, else as many items of each product as the measured ones become, else 4 variants
 *   of 400 bytes a product, and the product itself with 300 bytes more;
 * - files: in each segment, its products / itemsPerFile, rounded up, or more where 8 MiB of gzip (a quarter of the table's bytes) are less;
 * - read units: source twice and target once, each ceil(bytes / 4,096) + S; write units: each item's size rounded up to KB,
 *   and that of its entry in each index;
 * - rates: the cap, W x 1,000 read or W x 2,000 write units, 12,000 read or 40,000 write units a table, whichever is lowest;
 *   on a cold table 4,000 write units in the first half hour, doubling every half hour;
 * - seconds: 45 for everything outside the Maps, and for each of the four Maps 2 and units / rate (rehearsal: products / (W x 4,000);
 *   verification: both tables at once, at W x 1,000 units together);
 * - transitions: 25, one an iteration, two a turn; a turn lasts 840 s at most;
 * - by bulk put: no MigrateProducts and no write units of the target, but the price of its bytes;
 * - Lambda: W x the Maps' seconds at 1,769 MB, and 9 calls of 2 s at 512 MB; S3: a PUT and two GETs a file, and 10 of each;
 * - the ledger's units: see `ledgerUnits`.
 */
export function estimateRun(size: RunSize): Estimate {
  const run = measureRun(size);
  const phases = phasesOf(run, true);
  const work = workOf(run, phases);
  const cost = costOf(usageOf(run, phases), size);
  const prices = pricesOf(size.region);
  if (!isCosted(cost) || prices === undefined) return { ...cost, ...work };
  return { ...cost, ...work, ...everyMonth(run, prices) };
}

function workOf(run: MeasuredRun, phases: readonly PhaseEstimate[]): EstimatedWork {
  const { size, target, sourceUnits, targetUnits } = run;
  return {
    seconds: secondsOf(phases),
    secondsAtCaps: secondsOf(phasesOf(run, false)),
    phases,
    readUnits: 2 * sourceUnits + targetUnits,
    writeUnits: batchUnits(run),
    ...bulkPutBytes(run),
    items: target.items,
    rehearsed: size.rehearsal !== undefined,
  };
}

function everyMonth({ size, target }: MeasuredRun, prices: PriceList) {
  const { targets, filled } = size.migration ?? { targets: [], filled: [] };
  const billing = { prices, rupeesPerDollar: size.rupeesPerDollar };
  return {
    // What all filled tables hold together is counted with the first of them.
    monthly: targets.map((spec) => monthlyCost(spec, spec === filled[0] ? target : NO_ITEMS, billing)),
    backupMonthlyDollars: bucketMonthlyDollars(size.bytes * GZIP_RATIO, prices),
  };
}

function usageOf(run: MeasuredRun, phases: readonly PhaseEstimate[]): Usage {
  const { size, sourceUnits, targetUnits } = run;
  const services = serviceUsage(workersOf(run, phases));
  const paidSourceUnits = size.sourceBilling === 'PROVISIONED' ? 0 : 2 * sourceUnits;
  return {
    ...services,
    readUnits: services.readUnits + paidSourceUnits + targetUnits,
    writeUnits: services.writeUnits + batchUnits(run),
    ...bulkPutBytes(run),
  };
}

/** Write units of the target, its indexes included: bulk put takes none. */
const batchUnits = ({ size, target }: MeasuredRun): number =>
  size.writeEngine === 'bulk' ? 0 : target.writeUnits + target.indexWriteUnits;

const bulkPutBytes = ({ size, target }: MeasuredRun): { readonly bulkPutBytes?: number } =>
  size.writeEngine === 'bulk' ? { bulkPutBytes: target.bytes } : {};

/** What the workers of a run's Maps are expected to do. */
export function workersOf(
  { size, segments, shards, files }: MeasuredRun,
  phases: readonly PhaseEstimate[],
): WorkerUsage {
  return {
    iterations: 2 * segments + (size.writeEngine === 'bulk' ? 1 : 2) * shards,
    turns: phases.reduce((sum, { turns }) => sum + turns, 0),
    seconds: size.workers * phases.reduce((sum, { seconds }) => sum + seconds, 0),
    files,
  };
}
