import { createHash } from 'node:crypto';
import type { WireItem } from '../../../../functions/shared/items/wire-item.ts';
import { sequenceOf, type StreamRecord } from '../../dynamodb/streams/stream-records.ts';
import { deliverBatch } from './deliver-batch.ts';
import { pause, until, type MappingRun } from './mapping-run.ts';

/** The records of a shard on their way to the function: side by side in lanes, those of one partition key in order. */
export interface Lanes {
  /** Takes records that follow the ones before. */
  push(records: readonly StreamRecord[]): void;
  /** How many wait or are under way. */
  readonly count: number;
  /** Spreads what waits over another number of lanes, once the calls under way have ended. */
  relane(): Promise<void>;
}

/** What lanes are made of. */
export interface LaneParts {
  readonly run: MappingRun;
  readonly shardId: string;
  /** Name of the partition key. */
  readonly keyName: string;
}

interface Lane {
  readonly queue: StreamRecord[];
  /** Records handed to the function and not yet done. */
  busyCount: number;
  /** Resolves to what it has left, after the signal. */
  readonly ended: Promise<readonly StreamRecord[]>;
}

/** Lambda's limit for a synchronous payload. */
const MAX_EVENT_BYTES = 6 * 1024 * 1024;
/** The event around the records, and a record's comma and ARN. */
const RECORD_OVERHEAD_BYTES = 300;
/** How exactly the end of a batching window is met. */
const WINDOW_LOOK_MILLIS = 20;

export function createLanes(parts: LaneParts): Lanes {
  const { run } = parts;
  let generation = new AbortController();
  let lanes = startLanes(parts, generation.signal);
  let isMoving = false;
  const end = () => {
    generation.abort();
    run.bell.ring();
  };
  run.signal.addEventListener('abort', end, { once: true });
  const push = (records: readonly StreamRecord[]) => {
    for (const record of records)
      lanes[laneOf(record.dynamodb.Keys, parts.keyName, lanes.length)]?.queue.push(record);
    run.bell.ring();
  };
  return {
    push,
    get count() {
      // While they move, nobody may take the lanes for empty, or put more into them.
      if (isMoving) return Number.POSITIVE_INFINITY;
      return lanes.reduce((sum, { queue, busyCount }) => sum + queue.length + busyCount, 0);
    },
    async relane() {
      isMoving = true;
      end();
      const left = (await Promise.all(lanes.map(({ ended }) => ended))).flat();
      const arrived = lanes.flatMap(({ queue }) => queue);
      generation = new AbortController();
      if (run.signal.aborted) generation.abort();
      lanes = startLanes(parts, generation.signal);
      isMoving = false;
      push([...left, ...arrived].toSorted((one, other) => (sequenceOf(one) < sequenceOf(other) ? -1 : 1)));
    },
  };
}

function startLanes(parts: LaneParts, signal: AbortSignal): readonly Lane[] {
  const { ParallelizationFactor } = parts.run.settings;
  return Array.from({ length: ParallelizationFactor }, () => startLane(parts, signal));
}

function startLane(parts: LaneParts, signal: AbortSignal): Lane {
  const work = { queue: [] as StreamRecord[], busyCount: 0 };
  return Object.assign(work, { ended: runLane(parts, work, signal) });
}

async function runLane(
  { run, shardId }: LaneParts,
  lane: { queue: StreamRecord[]; busyCount: number },
  signal: AbortSignal,
): Promise<readonly StreamRecord[]> {
  const { queue } = lane;
  for (;;) {
    await until(run.bell, () => signal.aborted || (queue.length > 0 && !run.isPaused));
    await gather(run, queue, signal);
    if (signal.aborted) return queue.splice(0);
    const records = takeBatch(queue, run.settings.BatchSize);
    lane.busyCount = records.length;
    const left = await deliverBatch(run, { shardId, records }, signal);
    lane.busyCount = 0;
    run.bell.ring();
    if (left.length > 0) return [...left, ...queue.splice(0)];
  }
}

/** Waits for a whole batch, or for the end of the batching window. */
async function gather(run: MappingRun, queue: readonly StreamRecord[], signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + run.settings.MaximumBatchingWindowInSeconds * 1000;
  while (!signal.aborted && queue.length < run.settings.BatchSize && Date.now() < deadline)
    await pause(Math.min(WINDOW_LOOK_MILLIS, deadline - Date.now()), signal);
}

/** As many as a batch may have, and as fit into an event. */
function takeBatch(queue: StreamRecord[], batchSize: number): readonly StreamRecord[] {
  let [count, bytes] = [0, 0];
  for (const record of queue.slice(0, batchSize)) {
    bytes += Buffer.byteLength(JSON.stringify(record)) + RECORD_OVERHEAD_BYTES;
    if (count > 0 && bytes > MAX_EVENT_BYTES) break;
    count += 1;
  }
  return queue.splice(0, count);
}

function laneOf(keys: WireItem, keyName: string, laneCount: number): number {
  const hash = createHash('sha256').update(JSON.stringify(keys[keyName])).digest();
  return hash.readUInt32BE() % laneCount;
}
