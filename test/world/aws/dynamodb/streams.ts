import { shownIn, type StreamRecord } from '../../../../workflow/local/dynamodb/streams/stream-records.ts';
import { type Aws, nextId } from '../state.ts';
import type { ChangeRecord, Stream, StreamShard, Table } from './table-state.ts';
import type { ViewType } from '../../../../workflow/local/dynamodb/streams/stream-records.ts';
import { equalItems } from './values.ts';

/** Records are kept this long. */
const RETENTION_MILLIS = 24 * 3_600_000;
/** One more than the highest hash. */
const HASHES = 2 ** 32;

/** Enables a stream on the table. */
export function openStream(aws: Aws, table: Table, viewType: ViewType): void {
  const label = `${new Date(aws.now()).toISOString().slice(0, 19)}.${String(nextId(aws)).padStart(3, '0')}`;
  const stream: Stream = { arn: `${table.arn}/stream/${label}`, tableName: table.name, viewType, shards: [] };
  stream.shards.push(newShard(aws, undefined, { from: 0, to: HASHES }));
  aws.state.streams.set(stream.arn, stream);
  table.streamArn = stream.arn;
}

/** Ends the table's stream. What it holds stays readable for a day. */
export function closeStream(aws: Aws, table: Table): void {
  const stream = aws.state.streams.get(table.streamArn ?? '');
  if (stream === undefined || stream.disabledAt !== undefined) return;
  stream.disabledAt = aws.now();
  for (const shard of stream.shards) shard.isClosed = true;
}

function newShard(
  aws: Aws,
  parentId: string | undefined,
  range: { readonly from: number; readonly to: number },
): StreamShard {
  const number = String(nextId(aws)).padStart(20, '0');
  return { id: `shardId-${number}-00000000`, parentId, ...range, records: [], isClosed: false };
}

/** Splits an open shard: it is closed, and its keys go on in two children. */
export function splitShard(aws: Aws, stream: Stream, shard: StreamShard): void {
  const { id, from, to } = shard;
  if (shard.isClosed || to - from < 2) return;
  const middle = Math.floor((from + to) / 2);
  shard.isClosed = true;
  stream.shards.push(newShard(aws, id, { from, to: middle }), newShard(aws, id, { from: middle, to }));
}

/** A change, and the hash of its partition key. */
export interface HashedChange extends Omit<ChangeRecord, 'sequence' | 'at'> {
  readonly hash: number;
}

/** Adds a change to the stream. A write that changes nothing leaves no record. */
export function recordChange(aws: Aws, streamArn: string, { hash, ...change }: HashedChange): void {
  const stream = aws.state.streams.get(streamArn);
  const { before, after } = change;
  const isSame = before !== undefined && after !== undefined && equalItems(before, after);
  if (stream === undefined || stream.disabledAt !== undefined || isSame) return;
  const shard = stream.shards.find(({ isClosed, from, to }) => !isClosed && from <= hash && hash < to);
  shard?.records.push({ sequence: nextId(aws), at: aws.now(), ...change });
}

/** Records of a shard after a sequence number, oldest first, as far as they are kept. */
export function readShard(
  aws: Pick<Aws, 'now'>,
  { records }: StreamShard,
  { after = 0, limit }: { readonly after?: number; readonly limit: number },
): readonly ChangeRecord[] {
  const kept = aws.now() - RETENTION_MILLIS;
  return records.filter(({ sequence, at }) => sequence > after && at >= kept).slice(0, limit);
}

/** Whether records that nobody has read yet are no longer kept. */
export function isTrimmed(aws: Pick<Aws, 'now'>, { records }: StreamShard, after: number): boolean {
  const kept = aws.now() - RETENTION_MILLIS;
  return records.some(({ sequence, at }) => sequence > after && at < kept);
}

/** The record as Lambda hands it to a function. */
export function lambdaRecord(
  { arn, viewType }: Stream,
  record: ChangeRecord,
): StreamRecord & { readonly eventSourceARN: string } {
  const { sequence, at, keys, before, after, isExpiry } = record;
  const shown = shownIn(
    { arn, viewType },
    {
      eventID: '',
      eventName: eventNameOf(record),
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: '',
      dynamodb: {
        ApproximateCreationDateTime: at / 1_000,
        Keys: keys,
        ...(after && { NewImage: after }),
        ...(before && { OldImage: before }),
        SequenceNumber: String(sequence),
        SizeBytes: 0,
        StreamViewType: viewType,
      },
      ...(isExpiry && { userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } }),
    },
  );
  return { ...shown, eventSourceARN: arn };
}

function eventNameOf({ before, after }: ChangeRecord): StreamRecord['eventName'] {
  if (after === undefined) return 'REMOVE';
  return before === undefined ? 'INSERT' : 'MODIFY';
}
