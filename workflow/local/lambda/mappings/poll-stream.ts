import { AwsError } from '../../gateway/aws-answers.ts';
import { createLanes, type Lanes } from './lanes.ts';
import type { DescribedStream, ShardPosition } from './mapping-calls.ts';
import { backOffMillis, pause, until, type MappingRun } from './mapping-run.ts';

/** Reads a stream for a mapping and delivers what it finds, until the mapping ends. */
export interface StreamPoller {
  /** Call it when the number of lanes has changed. */
  relane(): Promise<void>;
}

/** A shard that is being read, or was. */
interface PolledShard {
  readonly lanes: Lanes;
  /** Everything in it was read and delivered. */
  isDone: boolean;
}

/** How long a reader that found nothing waits before it looks again. */
const IDLE_MILLIS = 60;
/** How often a stream whose shards have ended is looked at for new ones. */
const NEW_SHARDS_MILLIS = 1000;
/** A reader waits when this many records of its shard are not delivered yet. */
const MAX_AHEAD = 10_000;

/** Begins to read at once. */
export function startPoller(run: MappingRun): StreamPoller {
  const shards = new Map<string, PolledShard>();
  void follow(run, shards);
  return {
    async relane() {
      await Promise.all([...shards.values()].map(({ lanes }) => lanes.relane()));
    },
  };
}

/** Starts the readers: of the shards there are, and of new ones once those before them are done. */
async function follow(run: MappingRun, shards: Map<string, PolledShard>): Promise<void> {
  let isFirst = true;
  for (let failures = 0; ;) {
    await until(run.bell, () => !run.isPaused || run.signal.aborted);
    if (run.signal.aborted) return;
    try {
      const stream = await run.calls.describe(run.streamArn);
      startReaders(run, shards, { stream, isFirst });
      [isFirst, failures] = [false, 0];
      const openCount = countOpen(shards);
      if (openCount === 0 && stream.StreamStatus === 'DISABLED') return;
      if (openCount === 0) await pause(NEW_SHARDS_MILLIS, run.signal);
      else await until(run.bell, () => run.signal.aborted || countOpen(shards) < openCount);
    } catch (error) {
      failures += 1;
      run.onResult(`PROBLEM: ${problemOf(error)}`);
      await pause(backOffMillis(run, failures), run.signal);
    }
  }
}

const countOpen = (shards: ReadonlyMap<string, PolledShard>): number =>
  [...shards.values()].filter(({ isDone }) => !isDone).length;

function startReaders(
  run: MappingRun,
  shards: Map<string, PolledShard>,
  { stream, isFirst }: { readonly stream: DescribedStream; readonly isFirst: boolean },
): void {
  const keyName = stream.KeySchema.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName ?? '';
  for (const { ShardId: shardId, ParentShardId = '' } of stream.Shards) {
    const waitsForParent = shards.get(ParentShardId)?.isDone === false;
    if (shards.has(shardId) || waitsForParent) continue;
    const shard = { lanes: createLanes({ run, shardId, keyName }), isDone: false };
    shards.set(shardId, shard);
    void readShard(run, { shardId, shard, isFirst });
  }
}

interface Reading {
  readonly shardId: string;
  readonly shard: PolledShard;
  /** Whether it was there when the mapping began. */
  readonly isFirst: boolean;
}

async function readShard(run: MappingRun, { shardId, shard, isFirst }: Reading): Promise<void> {
  const { lanes } = shard;
  const base = { StreamArn: run.streamArn, ShardId: shardId };
  let position: ShardPosition = {
    ...base,
    ShardIteratorType: isFirst ? run.startingPosition : 'TRIM_HORIZON',
  };
  let iterator: string | undefined;
  for (let failures = 0; ;) {
    await until(run.bell, () => run.signal.aborted || (!run.isPaused && lanes.count < MAX_AHEAD));
    if (run.signal.aborted) return;
    try {
      iterator ??= await run.calls.iterator(position);
      const { Records, NextShardIterator } = await run.calls.records(iterator);
      failures = 0;
      lanes.push(Records);
      const SequenceNumber = Records.at(-1)?.dynamodb.SequenceNumber;
      if (SequenceNumber !== undefined)
        position = { ...base, ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber };
      iterator = NextShardIterator;
      if (iterator === undefined) break;
      if (Records.length === 0) await pause(IDLE_MILLIS, run.signal);
    } catch (error) {
      iterator = undefined;
      failures += 1;
      if (isTrimmed(error)) position = { ...base, ShardIteratorType: 'TRIM_HORIZON' };
      else run.onResult(`PROBLEM: ${problemOf(error)}`);
      await pause(backOffMillis(run, failures), run.signal);
    }
  }
  await until(run.bell, () => run.signal.aborted || lanes.count === 0);
  shard.isDone = true;
  run.bell.ring();
}

const isTrimmed = (error: unknown): boolean =>
  error instanceof AwsError && error.code === 'TrimmedDataAccessException';

function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
