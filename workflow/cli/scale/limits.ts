import { HISTORY_EVENTS } from '../../../functions/shared/cost/history.ts';
import { TURN_SECONDS } from '../../../functions/shared/cost/phases.ts';
import { PRODUCTS_PER_WORKER } from '../../../functions/shared/cost/throughput.ts';
import { EXECUTION_SECONDS } from '../../../functions/shared/cost/time-limit.ts';
import { WORKER_GIGABYTES } from '../../../functions/shared/cost/usage.ts';
import type { ScaledRun } from './scale-run.ts';

/** How near a run comes to one limit of AWS. */
export interface Limit {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  /** `value / limit`; 1 is at the limit. */
  readonly share: number;
}

/** @see https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const PAYLOAD_BYTES = 256 * 1_024;
const INLINE_ITERATIONS = 40;
const CHILD_EXECUTIONS = 10_000;
/** Numbers in a payload's list, as the planner keeps them. */
const MAP_ITEMS = 1_000;
/** Lambda's quota of an account, until a higher one is asked for. */
const LAMBDA_CONCURRENCY = 1_000;
/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html */
const PUTS_PER_SECOND = 3_500;
const LEDGER_ITEM_BYTES = 400 * 1_024;
/** Of one partition of a DynamoDB table. */
const READ_UNITS_PER_SECOND = 3_000;
const READ_UNIT_BYTES = 4_096;

/** The run's record without the plan. */
const RUN_RECORD_BYTES = 3_000;
/** A worker looks at the run this often. */
const LOOK_SECONDS = 2.5;
/** An object of up to 8 MiB, there or back. */
const OBJECT_SECONDS = 0.25;
/** Heap, code and sockets of a worker that holds one file and its products in flight, MB. */
const WORKER_MEGABYTES = 160;
/** A product in the table that a verifier holds of its segment; half of the slots are empty, and their number is a power of two. */
const SLOT_BYTES = 17;

/** Every limit of AWS that grows with the table, and how much of it is used; the nearest first. */
export function limitsOf(run: ScaledRun): readonly Limit[] {
  const { plan, mapMode, estimate } = run;
  const { workers, segments } = plan;
  const segmentProducts = run.products / segments.length;
  const verifierBytes = SLOT_BYTES * 2 ** Math.ceil(Math.log2(2 * segmentProducts));
  const runBytes = RUN_RECORD_BYTES + JSON.stringify(plan).length;
  const looks = (workers * Math.ceil(runBytes / READ_UNIT_BYTES)) / LOOK_SECONDS;
  const rows: readonly (readonly [string, number, number])[] = [
    ['events in the history of one execution', run.historyEvents, HISTORY_EVENTS],
    ['payload of a state, bytes', run.payloadBytes, PAYLOAD_BYTES],
    ['items of a Map', segments.length, MAP_ITEMS],
    mapMode === 'INLINE'
      ? ['iterations at once, INLINE', workers, INLINE_ITERATIONS]
      : ['child executions at once', workers, CHILD_EXECUTIONS],
    ['functions at once, account', workers, LAMBDA_CONCURRENCY],
    [
      'seconds of a turn before the first page of a verifier',
      segmentProducts / PRODUCTS_PER_WORKER,
      TURN_SECONDS,
    ],
    ['memory of a worker, MB', WORKER_MEGABYTES + verifierBytes / 2 ** 20, WORKER_GIGABYTES * 1_024],
    // Nobody knows how long a bulk put takes.
    ...(estimate.bulkPutBytes === undefined
      ? [['seconds of the execution', estimate.seconds, EXECUTION_SECONDS] as const]
      : []),
    ['read units a second on the run in the ledger', looks, READ_UNITS_PER_SECOND],
    ['largest item of the ledger, bytes', runBytes, LEDGER_ITEM_BYTES],
    ['PUT a second under one prefix', workers / OBJECT_SECONDS, PUTS_PER_SECOND],
  ];
  return rows
    .map(([name, value, limit]) => ({ name, value, limit, share: value / limit }))
    .toSorted((one, other) => other.share - one.share);
}
