import { arnOf } from '../../account.ts';
import type { AwsError } from '../../gateway/aws-answers.ts';
import type { BulkIndex, BulkTable } from './bulk-table.ts';
import type { StartRequest } from './start-request.ts';

export type BulkStatus =
  | 'IN_PROGRESS'
  | 'COMPLETED'
  | 'COMPLETED_WITH_ERRORS'
  | 'CANCELLING'
  | 'CANCELLED'
  | 'FAILED';

/** One bulk operation, from its start to 90 days after. */
export interface BulkOperation {
  readonly arn: string;
  readonly id: string;
  readonly request: StartRequest;
  readonly table: BulkTable;
  /** Who started it: items are written with these permissions. */
  readonly accessKeyId: string | undefined;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Aborted once nothing more may be written. The reason is an AwsError. */
  readonly abort: AbortController;
  readonly counts: Counts;
  status: BulkStatus;
  endedAt: number | undefined;
  /** Why it failed or was cancelled. */
  failure: AwsError | undefined;
}

/** Items, and bytes of the input objects as they are stored. */
export interface Counts {
  processed: number;
  failed: number;
  inputBytes: number;
  /** `undefined` until the input has been listed. */
  totalInputBytes: number | undefined;
  /** Bytes written, by DynamoDB's own measure. */
  tableBytes: number;
  /** The same for each index, by its name. */
  readonly indexBytes: Map<string, number>;
}

/** An operation that is about to begin. */
export function createOperation(
  given: Pick<BulkOperation, 'request' | 'table' | 'accessKeyId' | 'startedAt'>,
): BulkOperation {
  const id = `${String(given.startedAt).padStart(14, '0')}-${crypto.randomUUID().slice(0, 8)}`;
  return {
    ...given,
    id,
    arn: `${arnOf('dynamodb', `table/${given.table.name}`)}/bulk-operation/${id}`,
    abort: new AbortController(),
    counts: {
      processed: 0,
      failed: 0,
      inputBytes: 0,
      totalInputBytes: undefined,
      tableBytes: 0,
      indexBytes: new Map(),
    },
    status: 'IN_PROGRESS',
    endedAt: undefined,
    failure: undefined,
  };
}

export function isActive({ status }: BulkOperation): boolean {
  return status === 'IN_PROGRESS' || status === 'CANCELLING';
}

/** The answer's `BulkOperationDescription`. Times are epoch seconds. */
export function descriptionOf(operation: BulkOperation): object {
  const { request, table, counts, failure } = operation;
  return {
    ...summaryOf(operation),
    ...request,
    TableName: undefined,
    TableDetails: [{ TableName: request.TableName, TableId: table.id }],
    ProcessedItemCount: counts.processed,
    FailedItemCount: counts.failed,
    ProcessedInputBytes: counts.inputBytes,
    TotalInputBytes: counts.totalInputBytes,
    BulkOperationUsage: [usageOf(operation)],
    FailureCode: failure?.code,
    FailureMessage: failure?.message,
  };
}

/** The answer's `BulkOperationSummary`. */
export function summaryOf({ arn, status, startedAt, endedAt }: BulkOperation) {
  return {
    BulkOperationArn: arn,
    BulkOperationStatus: status,
    StartTime: startedAt / 1_000,
    EndTime: endedAt === undefined ? undefined : endedAt / 1_000,
  };
}

function usageOf({ request, table, counts }: BulkOperation): object {
  const bytesOf = (indexes: readonly BulkIndex[]) =>
    indexes.length === 0
      ? undefined
      : Object.fromEntries(
          indexes.map(({ name }) => [name, { BulkPutBytes: counts.indexBytes.get(name) ?? 0 }]),
        );
  const all = [...counts.indexBytes.values()].reduce((sum, bytes) => sum + bytes, counts.tableBytes);
  return {
    TableName: request.TableName,
    BulkPutBytes: all,
    Table: { BulkPutBytes: counts.tableBytes },
    LocalSecondaryIndexes: bytesOf(table.localIndexes),
    GlobalSecondaryIndexes: bytesOf(table.globalIndexes),
  };
}
