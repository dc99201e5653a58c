import { isTrimmed, lambdaRecord, readShard } from './aws/dynamodb/streams.ts';
import type { ChangeRecord, Stream, StreamShard } from './aws/dynamodb/table-state.ts';
import { mappingState } from './aws/services/lambda.ts';
import type { Mapping } from './aws/state.ts';
import { newLife } from './scheduler.ts';
import type { World } from './world.ts';

/** How far a mapping has read a shard. */
interface Reading {
  /** Sequence number of the last record that was settled. */
  position: number;
  /** Records of the next batch at most. Halved when the function fails. */
  size: number;
  isBusy: boolean;
}

const BATCH_RECORDS = 100;
const POLL_MILLIS = 200;
/** A shard without records is looked at less often. */
const IDLE_MILLIS = 5_000;
const RETRY_MILLIS = 1_000;

/** Lambda's event source mappings: they read streams in order, shard by shard, and call their function with batches. */
export function startMappings(world: World): void {
  const readings = new Map<string, Reading>();
  const { scheduler, aws } = world;
  const poll = (): void => {
    let isIdle = true;
    for (const mapping of aws.state.mappings.values()) {
      const stream = aws.state.streams.get(mapping.streamArn);
      if (stream === undefined || mappingState(aws.aws, mapping) !== 'Enabled') continue;
      for (const shard of stream.shards)
        if (takeBatch(world, { mapping, stream, shard }, readings)) isIdle = false;
    }
    scheduler.after(isIdle ? IDLE_MILLIS : POLL_MILLIS, '', poll);
  };
  scheduler.after(POLL_MILLIS, '', poll);
}

interface Place {
  readonly mapping: Mapping;
  readonly stream: Stream;
  readonly shard: StreamShard;
}

/** @returns whether there is anything to read */
function takeBatch(world: World, place: Place, readings: Map<string, Reading>): boolean {
  const { mapping, stream, shard } = place;
  const readingOf = ({ id }: StreamShard): Reading => {
    const key = `${mapping.id} ${id}`;
    const reading = readings.get(key) ?? { position: 0, size: BATCH_RECORDS, isBusy: false };
    readings.set(key, reading);
    return reading;
  };
  const reading = readingOf(shard);
  if (reading.isBusy) return true;
  const parent = stream.shards.find(({ id }) => id === shard.parentId);
  // A child shard begins when its parent has been read to its end.
  if (parent !== undefined && nextRecords(world, parent, readingOf(parent)).length > 0) return true;
  const records = nextRecords(world, shard, reading);
  if (records.length === 0) return false;
  reading.isBusy = true;
  world.scheduler.wake(newLife(), () => void deliver(world, place, { reading, records }));
  return true;
}

function nextRecords(world: World, shard: StreamShard, { position, size }: Reading): readonly ChangeRecord[] {
  return readShard(world.aws.aws, shard, { after: position, limit: size });
}

interface Batch {
  readonly reading: Reading;
  readonly records: readonly ChangeRecord[];
}

interface Answer {
  readonly batchItemFailures?: readonly { readonly itemIdentifier: string }[];
}

async function deliver(
  world: World,
  { mapping, stream, shard }: Place,
  { reading, records }: Batch,
): Promise<void> {
  const { lambda, deployed, scheduler, aws } = world;
  const key = (mapping.functionArn.split(':').at(-1) ?? '').slice(deployed.stack.prefix.length);
  const payload = { Records: records.map((record) => lambdaRecord(stream, record)) };
  const last = records.at(-1)?.sequence ?? 0;
  try {
    const answer = ((await lambda.invoke({ key, payload, patienceMillis: 900_000 })) ?? {}) as Answer;
    const first = Math.min(...(answer.batchItemFailures ?? []).map((one) => Number(one.itemIdentifier)));
    reading.position = Number.isFinite(first) ? first - 1 : last;
    reading.size = BATCH_RECORDS;
    mapping.lastResult = 'OK';
    if (Number.isFinite(first)) await scheduler.sleep(newLife(), RETRY_MILLIS);
  } catch {
    reading.size = Math.max(1, Math.floor(records.length / 2));
    mapping.lastResult = 'PROBLEM: Function call failed';
    if (isTrimmed(aws.aws, shard, reading.position)) giveUp(world, reading, last);
    await scheduler.sleep(newLife(), RETRY_MILLIS);
  } finally {
    reading.isBusy = false;
  }
}

/** Records that are kept no longer go to the queue of failures. */
function giveUp({ aws, deployed }: World, reading: Reading, last: number): void {
  const [queue] = deployed.stack.queues.filter(({ name }) => name.endsWith('sync-failures'));
  aws.state.queues.get(queue?.name ?? '')?.push(JSON.stringify({ lastSequenceNumber: last }));
  reading.position = last;
}
