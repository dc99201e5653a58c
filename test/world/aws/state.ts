import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import type { BulkOperation } from './dynamodb/bulk/bulk-state.ts';
import type { Backup, Stream, Table } from './dynamodb/table-state.ts';
import type { WorldAwsOptions } from './request.ts';

/** An object of a bucket. */
export interface StoredBytes {
  readonly body: Buffer;
  /** With quotes, as S3 gives it. */
  readonly etag: string;
  /** Base64; absent where the upload named none. */
  readonly sha256: string | undefined;
  readonly contentType: string | undefined;
  /** Epoch milliseconds. */
  readonly modifiedAt: number;
}

/** One bucket. */
export interface Bucket {
  readonly objects: Map<string, StoredBytes>;
  /** By key: uploads that have begun and are not applied yet. */
  readonly uploads: Map<string, number>;
}

/** How an execution is. The scheduler moves it on. */
export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** One execution of a state machine. */
export interface Execution {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly name: string;
  /** JSON text. */
  readonly input: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  status: ExecutionStatus;
  stoppedAt?: number;
  output?: string;
  error?: string;
  cause?: string;
}

/** An event source mapping. */
export interface Mapping {
  readonly id: string;
  readonly streamArn: string;
  readonly functionArn: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
  /** Until then it is Creating, afterwards Enabled. */
  readonly enabledAt: number;
  /** From its deletion on: until then it is Deleting, afterwards gone. */
  goneAt?: number;
  /** Set by the scheduler's deliveries. */
  lastResult?: string;
}

/** A transaction, for the ten minutes of its token. */
export interface KnownTransaction {
  /** As they were sent. */
  readonly items: unknown;
  readonly at: number;
  /** Otherwise it has judged its conditions, and has not written yet. */
  readonly isDone: boolean;
}

/** Everything that the in-memory AWS holds. Actors of the world may read and change it directly. */
export interface AwsState {
  readonly tables: Map<string, Table>;
  /** By ARN. A stream outlives its table. */
  readonly streams: Map<string, Stream>;
  /** By ARN. */
  readonly backups: Map<string, Backup>;
  /** By ARN. */
  readonly bulkOperations: Map<string, BulkOperation>;
  /** By client token. */
  readonly transactions: Map<string, KnownTransaction>;
  readonly buckets: Map<string, Bucket>;
  /** ARNs. */
  readonly machines: Set<string>;
  /** By ARN. */
  readonly executions: Map<string, Execution>;
  /** By id. */
  readonly mappings: Map<string, Mapping>;
  /** Names of deployed functions. */
  readonly functions: Set<string>;
  /** Messages by queue name. */
  readonly queues: Map<string, string[]>;
  readonly published: { readonly topicArn: string; readonly message: string }[];
  /** What requests asked for that this AWS does not know, in case somebody has caught the errors. */
  readonly gaps: string[];
  /** What ids and sequence numbers are made of. */
  lastId: number;
  concurrentExecutions: number;
}

/** What each operation gets: the state, time, and the choices. */
export interface Aws extends Required<WorldAwsOptions> {
  readonly state: AwsState;
}

/** An AWS with nothing in it. */
export function emptyState(): AwsState {
  return {
    tables: new Map(),
    streams: new Map(),
    backups: new Map(),
    bulkOperations: new Map(),
    transactions: new Map(),
    buckets: new Map(),
    machines: new Set(),
    executions: new Map(),
    mappings: new Map(),
    functions: new Set(),
    queues: new Map(),
    published: [],
    gaps: [],
    lastId: 0,
    concurrentExecutions: 1_000,
  };
}

/** A number that was not given out before. */
export function nextId({ state }: Pick<Aws, 'state'>): number {
  state.lastId += 1;
  return state.lastId;
}

/** A UUID that was not given out before. */
export function nextUuid(aws: Pick<Aws, 'state'>): string {
  return `00000000-0000-4000-8000-${String(nextId(aws)).padStart(12, '0')}`;
}

/** A setting of which AWS may still show the value before the last change. */
export interface Lagging<T> {
  value: T;
  before: T;
  /** Epoch milliseconds: from then on the change shows everywhere. */
  shownFrom: number;
}

/** A setting that has not been changed. */
export function unchanging<T>(value: T): Lagging<T> {
  return { value, before: value, shownFrom: 0 };
}

/** Changes a setting; for `lagMillis` the former value may still be shown. */
export function changeLagging<T>(aws: Aws, setting: Lagging<T>, value: T, lagMillis: number): void {
  setting.before = setting.value;
  setting.value = value;
  setting.shownFrom = aws.now() + lagMillis;
}

/** What a request is shown of a setting. */
export function shown<T>(aws: Aws, setting: Lagging<T>, why: string): T {
  const isLate = aws.now() < setting.shownFrom && aws.choose(2, why) === 1;
  return isLate ? setting.before : setting.value;
}

/** A change of one item that an eventually consistent read may not show yet. */
export interface RecentChange {
  readonly at: number;
  readonly key: string;
  readonly before: WireItem | undefined;
}
