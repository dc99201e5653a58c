import type { IncomingHttpHeaders } from 'node:http';

/** The services that the endpoint knows, by the name in the scope of a SigV4 signature. */
export const SERVICES = [
  'dynamodb',
  's3',
  'states',
  'lambda',
  'sts',
  'sns',
  'sqs',
  'events',
  'cloudformation',
  'dynamodbstreams',
] as const;

/** One of {@link SERVICES}. */
export type ServiceName = (typeof SERVICES)[number];

/** A request as it came over the wire, its body complete. */
export interface RawRequest {
  readonly method: string;
  /** Path and query, path style for S3. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A request, understood as far as routing, logging and faults need it. */
export interface AwsRequest extends RawRequest {
  readonly service: ServiceName;
  /** The API's own name of the call, `PutItem` or `GetObject`. */
  readonly operation: string;
  /** The body of a JSON protocol, parsed; `undefined` for the others. */
  readonly json: Record<string, unknown> | undefined;
  /** Query string, together with the form of a query-protocol body. */
  readonly params: URLSearchParams;
  /** Names of the DynamoDB tables it touches. */
  readonly tables: readonly string[];
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly accessKeyId: string | undefined;
  /** Lambda sends it with the role of the function of this name, for an event source mapping. */
  readonly mappingOf?: string;
  /** An injected fault: what S3 keeps shall differ in one byte from what was sent. */
  readonly corruptStored?: boolean;
}

/** An answer, its body complete. */
export interface AwsResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}

/** Answers the requests of one service. */
export type Service = (request: AwsRequest) => Promise<AwsResponse>;
