import { AwsError } from '../../gateway/aws-answers.ts';
import type { AwsResponse } from '../../gateway/aws-request.ts';
import { sequenceText } from './sequence-number.ts';
import { type StreamRecord, withEmptyMaps } from './stream-records.ts';

/** The two APIs of the engine, by the prefix of their targets. */
export type EngineApi = 'DynamoDB_20120810' | 'DynamoDBStreams_20120810';

/** Asks the engine itself. */
export type EngineCall = (api: EngineApi, operation: string, json: object) => Promise<AwsResponse>;

/** As much of a table's description as streams need; ARNs are the engine's. */
export interface EngineTable {
  readonly TableId?: string;
  readonly CreationDateTime?: number;
  readonly KeySchema: readonly KeyElement[];
  readonly StreamSpecification?: { readonly StreamEnabled?: boolean; readonly StreamViewType?: string };
  readonly LatestStreamArn?: string;
  readonly LatestStreamLabel?: string;
}

/** One attribute of a table's key. */
export interface KeyElement {
  readonly AttributeName: string;
  readonly KeyType: 'HASH' | 'RANGE';
}

/** A shard as the engine describes it. */
export interface EngineShard {
  readonly ShardId: string;
  readonly ParentShardId?: string;
  readonly SequenceNumberRange?: {
    readonly StartingSequenceNumber?: string;
    readonly EndingSequenceNumber?: string;
  };
}

/** Where in a shard reading begins. */
export interface EnginePosition {
  readonly streamArn: string;
  readonly shardId: string;
  readonly type: 'TRIM_HORIZON' | 'LATEST' | 'AT_SEQUENCE_NUMBER' | 'AFTER_SEQUENCE_NUMBER';
  readonly sequenceNumber?: string;
}

/** Records in the engine's order; without an iterator the shard has ended. */
export interface EnginePage {
  readonly Records: readonly StreamRecord[];
  readonly NextShardIterator?: string;
}

/** What the engine has recorded of a table's changes, all streams of the table in one. */
export interface EngineLog {
  /** `undefined`: there is no such table. */
  describe(table: string): Promise<EngineTable | undefined>;
  shards(streamArn: string): Promise<readonly EngineShard[]>;
  iterator(position: EnginePosition): Promise<string>;
  page(iterator: string, limit?: number): Promise<EnginePage>;
  /** The number of the last record; 0 where there is none. */
  end(streamArn: string): Promise<bigint>;
}

/** Shards of one page of DescribeStream. */
interface StreamPage {
  readonly StreamDescription: {
    readonly Shards?: readonly EngineShard[];
    readonly LastEvaluatedShardId?: string;
  };
}

/** Reads the engine's stream; its refusals are thrown as {@link AwsError}. */
export function createEngineLog(call: EngineCall): EngineLog {
  const ends = new Map<string, string>();
  const streams = async <T>(operation: string, json: object): Promise<T> =>
    answerOf<T>(await call('DynamoDBStreams_20120810', operation, json));
  const log: EngineLog = {
    async describe(TableName) {
      const response = await call('DynamoDB_20120810', 'DescribeTable', { TableName });
      if (response.status !== 200) return undefined;
      return (JSON.parse(response.body.toString()) as { Table: EngineTable }).Table;
    },
    async shards(StreamArn) {
      const found: EngineShard[] = [];
      let ExclusiveStartShardId: string | undefined;
      do {
        const request = { StreamArn, ExclusiveStartShardId };
        const { StreamDescription } = await streams<StreamPage>('DescribeStream', request);
        found.push(...(StreamDescription.Shards ?? []));
        ExclusiveStartShardId = StreamDescription.LastEvaluatedShardId;
      } while (ExclusiveStartShardId !== undefined);
      return found;
    },
    async iterator({ streamArn, shardId, type, sequenceNumber }) {
      const { ShardIterator } = await streams<{ ShardIterator: string }>('GetShardIterator', {
        StreamArn: streamArn,
        ShardId: shardId,
        ShardIteratorType: type,
        SequenceNumber: sequenceNumber,
      });
      return ShardIterator;
    },
    async page(ShardIterator, Limit) {
      const page = await streams<EnginePage>('GetRecords', { ShardIterator, Limit });
      return { ...page, Records: page.Records.map(withEmptyMaps) };
    },
    async end(streamArn) {
      for (const { ShardId } of await log.shards(streamArn))
        await readToEnd(log, ends, { streamArn, ShardId });
      const numbers = [...ends].filter(([key]) => key.startsWith(streamArn)).map(([, last]) => BigInt(last));
      return numbers.reduce((highest, one) => (one > highest ? one : highest), 0n);
    },
  };
  return log;
}

/** Notes the last number of a shard in `ends`; goes on from where it came to before. */
async function readToEnd(
  log: EngineLog,
  ends: Map<string, string>,
  { streamArn, ShardId }: { readonly streamArn: string; readonly ShardId: string },
): Promise<void> {
  const key = `${streamArn} ${ShardId}`;
  const known = ends.get(key);
  const from: Pick<EnginePosition, 'type' | 'sequenceNumber'> =
    known === undefined
      ? { type: 'TRIM_HORIZON' }
      : { type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber: sequenceText(BigInt(known)) };
  let iterator: string | undefined = await log.iterator({ streamArn, shardId: ShardId, ...from });
  while (iterator !== undefined) {
    const page: EnginePage = await log.page(iterator);
    const last = page.Records.at(-1);
    if (last === undefined) return;
    ends.set(key, last.dynamodb.SequenceNumber);
    iterator = page.NextShardIterator;
  }
}

function answerOf<T>({ status, body }: AwsResponse): T {
  const answer = JSON.parse(body.toString()) as T & EngineError;
  if (status < 400) return answer;
  const code = answer.__type?.split('#').at(-1) ?? 'InternalServerError';
  throw new AwsError(status, code, answer.message ?? answer.Message ?? code);
}

interface EngineError {
  readonly __type?: string;
  readonly message?: string;
  readonly Message?: string;
}
