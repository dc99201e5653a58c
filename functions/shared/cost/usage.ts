import { BULK_PUT_NAME, type Cost, type CostParts, type UnknownCost } from './cost.ts';
import { bulkPutDollars } from './write-engine.ts';
import { dateOf, DEFAULT_RUPEES_PER_DOLLAR, type PriceList, pricesOf } from './prices.ts';

/** What a run uses, in the units that AWS bills. */
export interface Usage {
  /** Units that are paid one by one: none of a provisioned source, whose capacity is paid anyway. */
  readonly readUnits: number;
  readonly writeUnits: number;
  readonly putRequests: number;
  readonly getRequests: number;
  readonly lambdaRequests: number;
  readonly lambdaGigabyteSeconds: number;
  readonly transitions: number;
  /** Bytes that DynamoDB's bulk put writes; absent: it is not used. */
  readonly bulkPutBytes?: number;
}

/** Where it is paid, and in what. */
export interface Billing {
  readonly region: string;
  /** Class of one of the tables, where it is not Standard. Only the prices of Standard are known. */
  readonly unpricedClass?: string | undefined;
  /** Default 88. */
  readonly rupeesPerDollar?: number | undefined;
}

/** Usage times price; nothing is rounded. Unknown as soon as anything that is used has no price. */
export function costOf(
  usage: Usage,
  { region, unpricedClass, rupeesPerDollar = DEFAULT_RUPEES_PER_DOLLAR }: Billing,
): Cost | UnknownCost {
  const prices = pricesOf(region);
  if (prices === undefined) return { region };
  if (unpricedClass !== undefined) return { region, unpriced: `the table class ${unpricedClass}` };
  const bulkPut = usage.bulkPutBytes === undefined ? 0 : bulkPutDollars(region, usage.bulkPutBytes);
  if (bulkPut === undefined) return { region, unpriced: BULK_PUT_NAME };
  const own = partsOf(usage, prices);
  const parts = usage.bulkPutBytes === undefined ? own : { ...own, bulkPut };
  const dollars = own.reads + own.writes + own.s3 + own.lambda + own.transitions + bulkPut;
  const rupees = dollars * rupeesPerDollar;
  return { dollars, rupees, parts, region, pricesDate: dateOf(prices), rupeesPerDollar };
}

function partsOf(usage: Usage, { dynamodb, s3, lambda, stepFunctions }: PriceList): CostParts {
  return {
    reads: usage.readUnits * dynamodb.dollars.readRequestUnit,
    writes: usage.writeUnits * dynamodb.dollars.writeRequestUnit,
    s3: usage.putRequests * s3.dollars.putRequest + usage.getRequests * s3.dollars.getRequest,
    lambda:
      usage.lambdaRequests * lambda.dollars.request +
      usage.lambdaGigabyteSeconds * lambda.dollars.gigabyteSecond,
    transitions: usage.transitions * stepFunctions.dollars.transition,
  };
}

/** Memory of a worker, GB: `memorySize: 1769` in its function.yml, one whole CPU. */
export const WORKER_GIGABYTES = 1_769 / 1_024;

/** Functions that are called once per run, how long each lasts with its cold start, and its memory, GB. */
const SINGLE_CALLS = 9;
export const SINGLE_CALL_SECONDS = 2;
const SINGLE_CALL_GIGABYTES = 0.5;

/** States of the way to `Migrated` outside the Maps: 16 on the line, two in each of the four branches, the start. */
const BASE_TRANSITIONS = 25;

/** What the Maps' workers did, or are expected to do. */
export interface WorkerUsage {
  readonly iterations: number;
  /** Calls; at least one an iteration. */
  readonly turns: number;
  /** Sum over all workers. */
  readonly seconds: number;
  /** Files of the backup. */
  readonly files: number;
}

/** Each turn is the Lambda and the Choice after it, and each iteration ends in one more state. */
function transitionsOf({ iterations, turns }: WorkerUsage): number {
  return BASE_TRANSITIONS + iterations + 2 * turns;
}

/**
 * The ledger's own units. Writes, two units each: a file is noted once and checkpointed in three Maps, a worker
 * saves a checkpoint every 5 s, and a turn ends with one more; 60 for run, lock, tables. Reads: four a turn, and
 * a look at the run every 2.5 s.
 */
export function ledgerUnits({ turns, seconds, files }: WorkerUsage): {
  readonly readUnits: number;
  readonly writeUnits: number;
} {
  const checkpoints = Math.floor(seconds / 5) + turns;
  return { readUnits: 4 * turns + Math.ceil(seconds / 2.5), writeUnits: 8 * files + 2 * checkpoints + 60 };
}

/** Usage that follows from the workers' alone; the tables' units are added by the caller. */
export function serviceUsage(workers: WorkerUsage): Usage {
  const ledger = ledgerUnits(workers);
  return {
    ...ledger,
    putRequests: workers.files + 10,
    getRequests: 2 * workers.files + 10,
    lambdaRequests: workers.turns + SINGLE_CALLS,
    lambdaGigabyteSeconds:
      WORKER_GIGABYTES * workers.seconds + SINGLE_CALL_GIGABYTES * SINGLE_CALLS * SINGLE_CALL_SECONDS,
    transitions: transitionsOf(workers),
  };
}
