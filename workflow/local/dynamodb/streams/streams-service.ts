import { createHash } from 'node:crypto';
import { AwsError, jsonAnswer } from '../../gateway/aws-answers.ts';
import type { AwsRequest, Service } from '../../gateway/aws-request.ts';
import type { EngineLog, EnginePosition, EngineShard } from './engine-log.ts';
import { sequenceText } from './sequence-number.ts';
import { changesItem, sequenceOf, shownIn } from './stream-records.ts';
import type { StreamedTable, TableStream, TableStreams } from './table-streams.ts';

/** What the streams' own API is served from. */
export interface StreamsParts {
  readonly streams: TableStreams;
  readonly log: EngineLog;
  /** Names of all tables. */
  readonly tableNames: () => Promise<readonly string[]>;
}

type Json = Readonly<Record<string, unknown>>;
type Operation = (parts: StreamsParts, json: Json) => Promise<object>;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  ListStreams: listStreams,
  DescribeStream: describeStream,
  GetShardIterator: getShardIterator,
  GetRecords: getRecords,
};

/** DynamoDB Streams over the engine's own. */
export function createStreamsService(parts: StreamsParts): Service {
  return async ({ operation, json = {} }: AwsRequest) => {
    const serve = Object.hasOwn(OPERATIONS, operation) ? OPERATIONS[operation] : undefined;
    if (serve === undefined)
      throw new AwsError(400, 'UnknownOperationException', `No such call: ${operation}`);
    return jsonAnswer(await serve(parts, json));
  };
}

async function listStreams({ streams, tableNames }: StreamsParts, json: Json): Promise<object> {
  const { TableName, Limit = 100, ExclusiveStartStreamArn } = json;
  const tables = typeof TableName === 'string' ? [TableName] : await tableNames();
  const streamed = await Promise.all(tables.map((table) => streams.read(table)));
  const all = streamed.flatMap((table) => table?.streams ?? []);
  const start = all.findIndex(({ arn }) => arn === ExclusiveStartStreamArn) + 1;
  const page = all.slice(start, start + Number(Limit));
  const Streams = page.map(({ arn, table, label }) => ({
    StreamArn: arn,
    TableName: table,
    StreamLabel: label,
  }));
  return { Streams, LastEvaluatedStreamArn: start + page.length < all.length ? page.at(-1)?.arn : undefined };
}

async function describeStream(parts: StreamsParts, json: Json): Promise<object> {
  const { stream, table } = await findStream(parts, json['StreamArn']);
  const all = await shardsOf(parts, { stream, table });
  const start = all.findIndex(({ id }) => id === json['ExclusiveStartShardId']) + 1;
  const page = all.slice(start, start + Number(json['Limit'] ?? 100));
  const StreamDescription = {
    StreamArn: stream.arn,
    StreamLabel: stream.label,
    StreamStatus: stream.until === undefined ? 'ENABLED' : 'DISABLED',
    StreamViewType: stream.viewType,
    CreationRequestDateTime: stream.createdAt / 1000,
    TableName: stream.table,
    KeySchema: table.keySchema,
    Shards: page.map(({ id, parent, range }) => ({
      ShardId: id,
      ParentShardId: parent,
      SequenceNumberRange: range,
    })),
    LastEvaluatedShardId: start + page.length < all.length ? page.at(-1)?.id : undefined,
  };
  return { StreamDescription };
}

async function getShardIterator(parts: StreamsParts, json: Json): Promise<object> {
  const found = await findStream(parts, json['StreamArn']);
  const shards = await shardsOf(parts, found);
  const shard = shards.find(({ id }) => id === json['ShardId']);
  if (shard === undefined)
    throw notFound(
      `Shard does not exist: StreamArn: ${found.stream.arn}, ShardId: ${String(json['ShardId'])}`,
    );
  const start = startOf(found.stream, shard, json);
  const streamArn = found.table.engineArn ?? '';
  const iterator = await parts.log.iterator({ streamArn, shardId: shard.engineId, ...start });
  return { ShardIterator: wrap(found.stream, iterator) };
}

async function getRecords(parts: StreamsParts, json: Json): Promise<object> {
  const [arn = '', , wrapped = ''] = String(json['ShardIterator']).split('|');
  const stream = parts.streams.find(arn) ?? (await findStream(parts, arn)).stream;
  const iterator = Buffer.from(wrapped, 'base64url').toString();
  const { Limit } = json;
  const page = await parts.log.page(iterator, typeof Limit === 'number' ? Limit : undefined);
  const [first, last] = [page.Records[0], page.Records.at(-1)].map((one) => one && sequenceOf(one));
  if (first !== undefined && first <= stream.after) throw trimmed();
  const { until } = stream;
  const Records = page.Records.filter((record) => until === undefined || sequenceOf(record) <= until)
    .filter(changesItem)
    .map((record) => shownIn(stream, record));
  const isOver = until !== undefined && (last === undefined || last >= until);
  const next = isOver ? undefined : page.NextShardIterator;
  return { Records, NextShardIterator: next === undefined ? undefined : wrap(stream, next) };
}

/** A stream and its table. */
interface Found {
  readonly stream: TableStream;
  readonly table: StreamedTable;
}

/** @throws AwsError (ResourceNotFoundException) */
async function findStream({ streams }: StreamsParts, arn: unknown): Promise<Found> {
  const name = /:table\/([^/]+)\/stream\//.exec(String(arn))?.[1];
  const table = name === undefined ? undefined : await streams.read(name);
  const stream = table?.streams.find((one) => one.arn === arn);
  if (table !== undefined && stream !== undefined) return { stream, table };
  throw notFound(`Requested resource not found: Stream: ${String(arn)} not found`);
}

/** A shard of a stream, under the name that the endpoint gives it. */
interface Shard {
  readonly id: string;
  readonly parent: string | undefined;
  readonly engineId: string;
  readonly range: EngineShard['SequenceNumberRange'];
}

/** Those that have, or may yet get, a record of the stream. An open shard has no ending number. */
async function shardsOf({ log }: StreamsParts, { stream, table }: Found): Promise<readonly Shard[]> {
  const all = table.engineArn === undefined ? [] : await log.shards(table.engineArn);
  const parents = new Set(all.map(({ ParentShardId }) => ParentShardId));
  const shown = all.flatMap((shard): Shard[] => {
    const { StartingSequenceNumber: start = '0', EndingSequenceNumber: end } =
      shard.SequenceNumberRange ?? {};
    const ended = parents.has(shard.ShardId) && end !== undefined ? BigInt(end) : stream.until;
    if (ended !== undefined && ended <= stream.after && ended !== stream.until) return [];
    const first = BigInt(start) > stream.after ? BigInt(start) : stream.after + 1n;
    const range = {
      StartingSequenceNumber: sequenceText(first),
      ...(ended !== undefined && { EndingSequenceNumber: sequenceText(ended) }),
    };
    const { ShardId, ParentShardId: parent } = shard;
    return [
      {
        id: shardId(stream, ShardId),
        parent: parent === undefined ? undefined : shardId(stream, parent),
        engineId: ShardId,
        range,
      },
    ];
  });
  const ids = new Set(shown.map(({ id }) => id));
  return shown.map((shard) => ({ ...shard, parent: ids.has(shard.parent ?? '') ? shard.parent : undefined }));
}

/** No two streams share a shard. */
function shardId({ arn, createdAt }: TableStream, engineId: string): string {
  const hash = createHash('sha256').update(`${arn} ${engineId}`).digest('hex').slice(0, 8);
  return `shardId-${String(createdAt).padStart(20, '0')}-${hash}`;
}

type Start = Pick<EnginePosition, 'type' | 'sequenceNumber'>;

/** Where the engine begins. @throws AwsError (TrimmedDataAccessException) before the stream's first record */
function startOf(
  stream: TableStream,
  { range }: Shard,
  { ShardIteratorType: type, SequenceNumber }: Json,
): Start {
  const after = (sequence: bigint): Start => ({
    type: 'AFTER_SEQUENCE_NUMBER',
    sequenceNumber: sequenceText(sequence),
  });
  const begins = BigInt(range?.StartingSequenceNumber ?? '0');
  switch (type) {
    case 'TRIM_HORIZON':
      return stream.after > 0n && begins === stream.after + 1n ? after(stream.after) : { type };
    case 'LATEST':
      return stream.until === undefined ? { type } : after(stream.until);
    case 'AT_SEQUENCE_NUMBER':
    case 'AFTER_SEQUENCE_NUMBER': {
      const given = String(SequenceNumber);
      if (!/^\d+$/.test(given)) throw validation(`Invalid SequenceNumber: ${given}`);
      const oldest = type === 'AT_SEQUENCE_NUMBER' ? stream.after + 1n : stream.after;
      if (BigInt(given) < oldest) throw trimmed();
      return { type, sequenceNumber: sequenceText(BigInt(given)) };
    }
    default:
      throw validation(`Invalid ShardIteratorType: ${String(type)}`);
  }
}

function wrap({ arn }: TableStream, iterator: string): string {
  return `${arn}|1|${Buffer.from(iterator).toString('base64url')}`;
}

function trimmed(): AwsError {
  const message =
    'The operation attempted to read past the oldest stream record in a shard. The requested sequence number is trimmed.';
  return new AwsError(400, 'TrimmedDataAccessException', message);
}

function notFound(message: string): AwsError {
  return new AwsError(400, 'ResourceNotFoundException', message);
}

function validation(message: string): AwsError {
  return new AwsError(400, 'ValidationException', message);
}
