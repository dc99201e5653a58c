import { AwsError } from '../../gateway/aws-answers.ts';
import type { AwsRequest, AwsResponse, ServiceName } from '../../gateway/aws-request.ts';
import type { Dispatcher, Outcome } from '../../gateway/dispatcher.ts';
import type { KeyElement } from '../../dynamodb/streams/engine-log.ts';
import type { StreamRecord } from '../../dynamodb/streams/stream-records.ts';
import { invokeRequest } from '../invoke-request.ts';

/**
 * What Lambda calls for a mapping, through the dispatcher: faults strike, and the log names the function whose role the calls
 * are made with. What is refused or gets no answer is thrown as {@link AwsError}.
 */
export interface MappingCalls {
  describe(streamArn: string): Promise<DescribedStream>;
  iterator(position: ShardPosition): Promise<string>;
  records(iterator: string): Promise<RecordPage>;
  /** @throws AwsError where the function was not run */
  invoke(functionArn: string, event: string): Promise<Invoked>;
  send(queueArn: string, body: string): Promise<void>;
}

/** A stream's shards. */
export interface DescribedStream {
  readonly KeySchema: readonly KeyElement[];
  readonly StreamStatus: string;
  readonly Shards: readonly { readonly ShardId: string; readonly ParentShardId?: string }[];
}

/** Where in a shard reading begins. */
export interface ShardPosition {
  readonly StreamArn: string;
  readonly ShardId: string;
  readonly ShardIteratorType: 'TRIM_HORIZON' | 'LATEST' | 'AFTER_SEQUENCE_NUMBER';
  readonly SequenceNumber?: string;
}

/** Without an iterator the shard has ended. */
export interface RecordPage {
  readonly Records: readonly StreamRecord[];
  readonly NextShardIterator?: string;
}

/** A function that was run, well or not. */
export interface Invoked {
  readonly requestId: string;
  /** `Unhandled`; `undefined`: it returned. */
  readonly functionError: string | undefined;
  readonly payload: unknown;
}

/** @param functionName of the function whose role the calls are made with */
export function createMappingCalls(dispatcher: Dispatcher, functionName: string): MappingCalls {
  const call = async <T>(service: ServiceName, operation: string, json: Json, key: string): Promise<T> => {
    const request = jsonRequest({ service, operation, json, key, mappingOf: functionName });
    const response = answerOf(await dispatcher.handle(request));
    return JSON.parse(response.body.toString()) as T;
  };
  return {
    async describe(StreamArn) {
      type Answer = { readonly StreamDescription: DescribedStream };
      const { StreamDescription } = await call<Answer>(
        'dynamodbstreams',
        'DescribeStream',
        { StreamArn },
        StreamArn,
      );
      return StreamDescription;
    },
    async iterator(position) {
      type Answer = { readonly ShardIterator: string };
      const answer = await call<Answer>(
        'dynamodbstreams',
        'GetShardIterator',
        { ...position },
        position.StreamArn,
      );
      return answer.ShardIterator;
    },
    records: (ShardIterator) =>
      call('dynamodbstreams', 'GetRecords', { ShardIterator }, ShardIterator.split('|')[0] ?? ''),
    async invoke(functionArn, event) {
      const request = invokeRequest({ functionName: functionArn, payload: event, mappingOf: functionName });
      const { headers, body } = answerOf(await dispatcher.handle(request));
      return {
        requestId: String(headers['x-amzn-requestid']),
        functionError: headers['x-amz-function-error']?.toString(),
        payload: parsed(body),
      };
    },
    async send(queueArn, MessageBody) {
      const QueueUrl = `/${queueArn.split(':').slice(-2).join('/')}`;
      await call('sqs', 'SendMessage', { QueueUrl, MessageBody }, queueArn);
    },
  };
}

type Json = Record<string, unknown>;

function jsonRequest(
  given: Required<Pick<AwsRequest, 'service' | 'operation' | 'key' | 'mappingOf'>> & { readonly json: Json },
): AwsRequest {
  const none = { params: new URLSearchParams(), tables: [], bucket: undefined, accessKeyId: undefined };
  return {
    ...given,
    ...none,
    method: 'POST',
    url: '/',
    headers: {},
    body: Buffer.from(JSON.stringify(given.json)),
  };
}

function answerOf(outcome: Outcome): AwsResponse {
  // Lambda does not wait for ever for what never comes.
  if (outcome.kind !== 'answer') throw new AwsError(503, 'ServiceUnavailable', 'The connection was lost.');
  const { response } = outcome;
  if (response.status < 400) return response;
  const { __type, message = '' } = parsed(response.body) as { __type?: string; message?: string };
  const code = __type?.split('#').at(-1) ?? String(response.headers['x-amzn-errortype']);
  throw new AwsError(response.status, code, message);
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return body.toString();
  }
}
