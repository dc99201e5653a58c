import { turnSeconds } from '../../functions/shared/cost/estimate.ts';
import { reserveMillis } from '../../functions/shared/runtime.ts';
import type { Definition, MapMode } from './definition.ts';
import { filesOf, verifierBytes } from './map-workers.ts';
import { runBytes } from './modelled-functions.ts';
import { fenceEveryMillis, fileRecordBytes } from './pace-of-services.ts';
import { readPartitionUnits } from './on-demand-capacity.ts';
import type { Tally } from './run-machine.ts';
import type { World } from './world.ts';

/** How near the run comes to one limit. */
export interface Limit {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  /** `value / limit`; 1 is at the limit. */
  readonly share: number;
}

/** What a run is held against. */
export interface LimitFacts {
  readonly mode: MapMode;
  readonly world: World;
  readonly tally: Tally;
  readonly definition: Definition;
  readonly seconds: number;
}

/** @see https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const historyEvents = 25_000;
const payloadBytes = 256 * 1_024;
const inlineIterations = 40;
const childIterations = 10_000;
/** Lists of numbers in a payload, as DESIGN keeps them. */
const mapItems = 1_000;
/** Lambda's quota of an account, until a higher one is asked for. */
const lambdaConcurrency = 1_000;
/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html */
const putsPerSecond = 3_500;
/** An item of the ledger. */
const itemBytes = 400 * 1_024;
const megabyte = 2 ** 20;

/** Heap, code and sockets of a worker that holds one file and its products in flight. */
const workerBaseMegabytes = 160;

/** Every limit of AWS that grows with the table, and how much of it is used. */
export function limitsOf({ mode, world, tally, definition, seconds }: LimitFacts): readonly Limit[] {
  const { meters, plan, functions } = world;
  const files = filesOf(world);
  const listMegabytes = (2 * files * fileRecordBytes) / megabyte;
  const memory = (functions.get('migrateProductsEnhanced')?.gigabytes ?? 0) * 1_024;
  const runUnits = Math.ceil(runBytes(world) / 4_096);
  const rows: readonly (readonly [string, number, number])[] = [
    [
      'events in the history of one execution',
      Math.max(tally.ownEvents, tally.longestChildEvents),
      historyEvents,
    ],
    ['payload of a state, bytes', tally.payloadBytes, payloadBytes],
    ['items of a Map', tally.mapItems, mapItems],
    [
      mode === 'INLINE' ? 'iterations at once, INLINE' : 'child executions at once',
      meters.mostBusyWorkers,
      mode === 'INLINE' ? inlineIterations : childIterations,
    ],
    ['functions at once, account', meters.mostBusyWorkers, lambdaConcurrency],
    ['seconds behind the deadline of a turn', meters.overrunSeconds, reserveMillis / 1_000],
    ['seconds of a turn before the first page of a verifier', meters.preparingSeconds, turnSeconds],
    ['memory of a worker, MB', workerBaseMegabytes + listMegabytes + verifierBytes(world) / megabyte, memory],
    ['seconds of the execution', seconds, definition.TimeoutSeconds],
    [
      'read units a second on the run in the ledger',
      (meters.mostBusyWorkers * runUnits) / (fenceEveryMillis / 1_000),
      readPartitionUnits,
    ],
    ['largest item of the ledger, bytes', runBytes(world), itemBytes],
    ['PUT a second under one prefix', plan.workers / 0.25, putsPerSecond],
  ];
  return rows.map(([name, value, limit]) => ({ name, value, limit, share: value / limit }));
}
