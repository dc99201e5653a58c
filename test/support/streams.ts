import type { WireItem } from '../../functions/shared/items/wire-item.ts';
import type { EmbeddedAws } from '../../workflow/local/embedded-aws.ts';
import type { StreamRecord } from '../../workflow/local/dynamodb/streams/stream-records.ts';
import { rawDynamoDb, type RawDynamoDb } from './raw-dynamodb.ts';

/** Streams and queues over bare HTTP, without a client. */
export interface RawAws {
  readonly dynamodb: RawDynamoDb;
  /** DynamoDB Streams. @throws Error with the service's own name and message */
  streams<T = unknown>(operation: string, body: object): Promise<T>;
  /** SQS. @throws Error with the service's own name and message */
  sqs<T = unknown>(operation: string, body: object): Promise<T>;
  /** A table keyed by `id`, with a stream. @returns the stream's ARN */
  createStreamed(table: string, viewType?: string): Promise<string>;
  enable(table: string, viewType?: string): Promise<string>;
  disable(table: string): Promise<void>;
  /** Every record from the iterator's position to the end of what there is, in all shards. */
  records(StreamArn: string, type?: 'TRIM_HORIZON' | 'LATEST'): Promise<readonly StreamRecord[]>;
}

interface Described {
  readonly StreamDescription: { readonly Shards: readonly { readonly ShardId: string }[] };
}

interface Page {
  readonly Records: readonly StreamRecord[];
  readonly NextShardIterator?: string;
}

/** @param accessKeyId by default a user's */
export function rawAws(aws: Pick<EmbeddedAws, 'endpoint' | 'region'>, accessKeyId = 'raw'): RawAws {
  const dynamodb = rawDynamoDb(aws, accessKeyId);
  const post = async <T>(service: string, target: string, body: object): Promise<T> => {
    const response = await fetch(aws.endpoint, {
      method: 'POST',
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/${aws.region}/${service}/aws4_request, SignedHeaders=host, Signature=0`,
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': target,
      },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${target}: ${text}`);
    return JSON.parse(text) as T;
  };
  const streams = <T>(operation: string, body: object): Promise<T> =>
    post('dynamodb', `DynamoDBStreams_20120810.${operation}`, body);
  const change = async (TableName: string, StreamSpecification: object): Promise<string> => {
    type Answer = { readonly TableDescription: { readonly LatestStreamArn: string } };
    const answer = await dynamodb.call<Answer>('UpdateTable', { TableName, StreamSpecification });
    return answer.TableDescription.LatestStreamArn;
  };
  const enable = (table: string, viewType = 'KEYS_ONLY'): Promise<string> =>
    change(table, { StreamEnabled: true, StreamViewType: viewType });
  return {
    dynamodb,
    streams,
    sqs: (operation, body) => post('sqs', `AmazonSQS.${operation}`, body),
    enable,
    async createStreamed(table, viewType) {
      await dynamodb.fillProducts([], table);
      return enable(table, viewType);
    },
    disable: async (table) => void (await change(table, { StreamEnabled: false })),
    async records(StreamArn, type = 'TRIM_HORIZON') {
      const { StreamDescription } = await streams<Described>('DescribeStream', { StreamArn });
      const pages = StreamDescription.Shards.map(async ({ ShardId }) => {
        const begin = { StreamArn, ShardId, ShardIteratorType: type };
        const { ShardIterator } = await streams<{ ShardIterator: string }>('GetShardIterator', begin);
        return recordsFrom(streams, ShardIterator);
      });
      return (await Promise.all(pages)).flat();
    },
  };
}

async function recordsFrom(streams: RawAws['streams'], iterator: string): Promise<readonly StreamRecord[]> {
  const found: StreamRecord[] = [];
  for (let next: string | undefined = iterator; next !== undefined;) {
    const page: Page = await streams<Page>('GetRecords', { ShardIterator: next });
    if (page.Records.length === 0) break;
    found.push(...page.Records);
    next = page.NextShardIterator;
  }
  return found;
}

/** An item of a table that {@link RawAws.createStreamed} made. */
export const item = (id: string, ask = ''): WireItem => ({ id: { S: id }, ask: { S: ask } });
