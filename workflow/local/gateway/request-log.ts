import { workerOf } from '../lambda/worker-credentials.ts';
import type { AwsRequest, ServiceName } from './aws-request.ts';

/** One of the parts of a TransactWriteItems or TransactGetItems. */
export interface TransactionPart {
  /** `Put`, `Update`, `Delete`, `ConditionCheck` or `Get`. */
  readonly kind: string;
  readonly table: string;
}

/** One request that reached the endpoint, in the order of arrival. */
export interface LoggedRequest {
  /** Counts from 1, over all services. */
  readonly n: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly service: ServiceName;
  readonly operation: string;
  readonly method: string;
  /** DynamoDB tables that it touches. */
  readonly tables: readonly string[];
  readonly bucket: string | undefined;
  /** The index that a Query or Scan reads. */
  readonly index: string | undefined;
  /** What a transaction consists of; empty for every other request. */
  readonly parts: readonly TransactionPart[];
  /** What the keys that are listed in a bucket begin with. */
  readonly prefix: string | undefined;
  /** Whether a table is created with a resource policy. */
  readonly withPolicy: boolean;
  /** The header of that name: `*` on a PUT that must not overwrite. */
  readonly ifNoneMatch: string | undefined;
  /** S3 object key; otherwise the name, ARN, UUID or URL of the function, mapping, state machine, execution, topic, stream, queue or bulk operation that it is about. */
  readonly key: string | undefined;
  readonly requestBytes: number;
  /** Name of the Lambda function that sent it; `undefined` for every other client. */
  readonly functionName: string | undefined;
  /** Number of that function's worker; an injected kill ends exactly this one. */
  readonly worker: number | undefined;
  /** Name of the function with whose role Lambda sent it, for an event source mapping; `functionName` is then `undefined`. */
  readonly mappingOf: string | undefined;
  /** HTTP status of the answer; `undefined` while there is none, and for ever if it never came. */
  readonly status: number | undefined;
  /** Whether the engine has carried it out: true also where the answer was then lost. */
  readonly applied: boolean;
  /** An injected fault left it without an answer. */
  readonly aborted: boolean;
  /** Kind of the injected fault it met. */
  readonly fault: string | undefined;
}

/** The part of an entry that becomes known later. */
export type Progress = Partial<Pick<LoggedRequest, 'status' | 'applied' | 'aborted' | 'fault'>>;

/** The requests seen so far; the oldest are dropped beyond `maxEntries`. */
export interface RequestLog {
  readonly entries: readonly LoggedRequest[];
  /** Forgets everything. Numbers continue. */
  clear(): void;
}

/** The writing side of a {@link RequestLog}. */
export interface RequestRecorder extends RequestLog {
  begin(request: AwsRequest): LoggedRequest;
  update(entry: LoggedRequest, progress: Progress): void;
  /** Forgets one request: what an idle mapping asks many times a second would displace everything else. */
  drop(entry: LoggedRequest): void;
}

/** Records at most `maxEntries` requests: a laptop's endpoint may run for days. */
export function createRequestLog(maxEntries: number, functionPrefix: string): RequestRecorder {
  const entries: LoggedRequest[] = [];
  let count = 0;
  return {
    entries,
    clear: () => void entries.splice(0),
    begin(request) {
      count += 1;
      const entry = newEntry(count, request, functionPrefix);
      entries.push(entry);
      if (entries.length > maxEntries) entries.splice(0, Math.ceil(maxEntries / 10));
      return entry;
    },
    update: (entry, progress) => void Object.assign(entry, progress),
    drop(entry) {
      const index = entries.lastIndexOf(entry);
      if (index !== -1) entries.splice(index, 1);
    },
  };
}

function newEntry(n: number, request: AwsRequest, functionPrefix: string): LoggedRequest {
  const worker = workerOf(request.accessKeyId);
  return {
    n,
    at: Date.now(),
    service: request.service,
    operation: request.operation,
    method: request.method,
    tables: request.tables,
    bucket: request.bucket,
    index: indexOf(request),
    parts: partsOf(request),
    prefix: request.params.get('prefix') ?? undefined,
    withPolicy: request.json?.['ResourcePolicy'] !== undefined,
    ifNoneMatch: request.headers['if-none-match'],
    key: request.key,
    requestBytes: request.body.length,
    functionName: worker === undefined ? undefined : functionPrefix + worker.functionKey,
    worker: worker?.number,
    mappingOf: request.mappingOf,
    status: undefined,
    applied: false,
    aborted: false,
    fault: undefined,
  };
}

function indexOf({ json }: AwsRequest): string | undefined {
  const name = json?.['IndexName'];
  return typeof name === 'string' ? name : undefined;
}

function partsOf({ service, json }: AwsRequest): TransactionPart[] {
  const parts = service === 'dynamodb' ? json?.['TransactItems'] : undefined;
  if (!Array.isArray(parts)) return [];
  return parts.flatMap((part: Readonly<Record<string, { readonly TableName?: unknown }>>) =>
    Object.entries(part).map(([kind, { TableName }]) => ({ kind, table: String(TableName) })),
  );
}
