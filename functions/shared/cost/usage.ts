import type { Cost, CostParts } from './cost.ts';
import { DEFAULT_RUPEES_PER_DOLLAR, pricesOf } from './prices.ts';

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
}

/** Where it is paid, and in what. */
export interface Billing {
  readonly region: string;
  /** Default 88. */
  readonly rupeesPerDollar?: number | undefined;
}

/** Usage times price; nothing is rounded. */
export function costOf(usage: Usage, { region, rupeesPerDollar = DEFAULT_RUPEES_PER_DOLLAR }: Billing): Cost {
  const prices = pricesOf(region);
  const parts: CostParts = {
    reads: usage.readUnits * prices.readRequestUnit,
    writes: usage.writeUnits * prices.writeRequestUnit,
    s3: usage.putRequests * prices.putRequest + usage.getRequests * prices.getRequest,
    lambda:
      usage.lambdaRequests * prices.lambdaRequest + usage.lambdaGigabyteSeconds * prices.lambdaGigabyteSecond,
    transitions: usage.transitions * prices.transition,
  };
  const dollars = parts.reads + parts.writes + parts.s3 + parts.lambda + parts.transitions;
  return { dollars, rupees: dollars * rupeesPerDollar, parts, region: prices.region, rupeesPerDollar };
}

/** Memory of a worker, GB: `memorySize: 1769` in its function.yml, one whole CPU. */
export const WORKER_GIGABYTES = 1_769 / 1_024;

/** Functions that are called once per run, how long each lasts with its cold start, and its memory, GB. */
const SINGLE_CALLS = 9;
const SINGLE_CALL_SECONDS = 2;
const SINGLE_CALL_GIGABYTES = 0.5;

/** States of the way to `Migrated` outside the Maps: 15 on the line, two in each of the four branches, the start. */
const BASE_TRANSITIONS = 24;

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
