import { reserveMillis } from '../../functions/shared/runtime.ts';
import type {
  BeginRunInput,
  BeginRunOutput,
  WorkerInput,
  WorkerOutput,
} from '../../functions/shared/state.ts';
import { filesOf, mapWorkers, readsFiles, type Cursor, type MapWorker } from './map-workers.ts';
import {
  checkpointBytes,
  coldStartMillis,
  createTableMillis,
  fenceEveryMillis,
  fileRecordBytes,
  invokeMillis,
  ledgerMillis,
  ledgerPageMillis,
  listMillis,
  runRecordBytes,
  stepMillis,
} from './pace-of-services.ts';
import type { Invoke } from './run-machine.ts';
import type { Json } from './state-data.ts';
import type { World } from './world.ts';

const megabyte = 2 ** 20;
const readUnitBytes = 4_096;
/** The report with every list of samples full; those hold 20 keys at most. */
const reportBytes = 10_000;

/** Bytes of the run's record, which holds the plan. */
export function runBytes({ plan }: World): number {
  return runRecordBytes + JSON.stringify(plan).length;
}

/** The functions of the service, answering when and what the real ones would. */
export function modelledFunctions(world: World): Invoke {
  const warm = new Map<string, number>();
  const cursors = new Map<string, Cursor>();
  return async (key, payload, stateName) => {
    const { clock, meters, functions } = world;
    const spec = functions.get(key);
    if (spec === undefined) throw new Error(`There is no function ${key}.`);
    const idle = warm.get(key) ?? 0;
    warm.set(key, Math.max(0, idle - 1));
    await clock.sleep(invokeMillis + (idle > 0 ? 0 : coldStartMillis));
    const startedAt = clock.now();
    const worker = mapWorkers[stateName];
    const answer =
      worker === undefined
        ? await takeStep(world, stateName, payload)
        : await takeTurn(world, { worker, stateName, payload, cursors, limit: spec.timeoutSeconds });
    const seconds = (clock.now() - startedAt) / 1_000;
    if (seconds > spec.timeoutSeconds) throw new Error(`${key} ran into its time limit.`);
    meters.lambdaRequests += 1;
    meters.lambdaSeconds += seconds;
    meters.lambdaGigabyteSeconds += seconds * spec.gigabytes;
    warm.set(key, (warm.get(key) ?? 0) + 1);
    return answer;
  };
}

interface TurnParts {
  readonly worker: MapWorker;
  readonly stateName: string;
  readonly payload: Json;
  readonly cursors: Map<string, Cursor>;
  /** Seconds. */
  readonly limit: number;
}

/** A verifier's worker comes inside its action. */
const workerOf = (payload: Json): WorkerInput =>
  (payload as { worker?: WorkerInput }).worker ?? (payload as WorkerInput);

async function takeTurn(world: World, parts: TurnParts): Promise<WorkerOutput> {
  const { clock, meters } = world;
  const { worker, stateName, payload, cursors, limit } = parts;
  const { runId, executionArn, shard, turn = 0 } = workerOf(payload);
  const startedAt = clock.now();
  const deadline = startedAt + limit * 1_000 - reserveMillis;
  const name = `${stateName}#${shard}`;
  const cursor = cursors.get(name) ?? { done: 0, beside: 0 };
  cursors.set(name, cursor);
  meters.turns += 1;
  meters.busyWorkers += 1;
  meters.mostBusyWorkers = Math.max(meters.mostBusyWorkers, meters.busyWorkers);
  await openTurn(world, stateName);
  const done = await worker(world, cursor, deadline, shard);
  meters.busyWorkers -= 1;
  meters.overrunSeconds = Math.max(meters.overrunSeconds, (clock.now() - deadline) / 1_000);
  const looks = 1 + Math.floor((clock.now() - startedAt) / fenceEveryMillis);
  meters.ledgerReadUnits += looks * Math.ceil(runBytes(world) / readUnitBytes);
  return { runId, executionArn, shard, turn: turn + 1, done, itemsDone: Math.round(cursor.done) };
}

/** Looks at the run and the checkpoint, and at the shard's files. */
async function openTurn(world: World, stateName: string): Promise<void> {
  const { clock, ledger, meters } = world;
  await clock.sleep(2 * ledgerMillis);
  meters.ledgerReadUnits += Math.ceil(checkpointBytes / readUnitBytes);
  if (!readsFiles.has(stateName)) return;
  const bytes = filesOf(world) * fileRecordBytes;
  const perSecond = megabyte / readUnitBytes / (ledgerPageMillis / 1_000);
  const units = await ledger.transfer({ units: bytes / readUnitBytes, perSecond, until: Infinity });
  meters.ledgerReadUnits += units;
}

async function takeStep(world: World, stateName: string, payload: Json): Promise<Json> {
  const { clock, plan } = world;
  await clock.sleep(stepMillisOf(world, stateName));
  if (stateName === 'TestConnection') return plan;
  if (stateName === 'BeginRun') return begin(payload as BeginRunInput);
  if (stateName === 'JudgeDigests') return { byKey: world.scenario.existing };
  if (stateName === 'CompleteRun') return { report: 'x'.repeat(reportBytes) };
  return {};
}

function stepMillisOf(world: World, stateName: string): number {
  if (stateName.startsWith('Create')) return createTableMillis;
  if (stateName !== 'SealBackup') return stepMillis;
  const pages = Math.ceil((filesOf(world) * fileRecordBytes) / megabyte);
  return stepMillis + pages * ledgerPageMillis + Math.ceil(filesOf(world) / 1_000) * listMillis;
}

function begin({ machine, input, execution, tested }: BeginRunInput): BeginRunOutput {
  const { segments, shards, workers } = tested.plan;
  const run = { outcome: 'BEGUN', runId: execution.name, dryRun: false, segments, shards, workers } as const;
  return { machine, input, execution, run };
}
