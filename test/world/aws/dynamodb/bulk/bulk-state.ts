import type { BulkPutLine, BulkPutReportLine } from '../../../../../functions/shared/cost/bulk-put.ts';
import type { StartRequest } from '../../../../../workflow/local/dynamodb/bulk/start-request.ts';
import type { Caller } from '../../request.ts';
import type { Lagging } from '../../state.ts';

/** A line of an input object that is not written yet. */
export interface PendingLine {
  readonly s3Key: string;
  readonly lineNumber: number;
  /** Absent: it cannot be read, for this reason. */
  readonly line?: BulkPutLine;
  readonly problem?: string;
}

/** A bulk put. The scheduler carries it on by `stepBulk`. */
export interface BulkOperation {
  readonly arn: string;
  readonly id: string;
  readonly request: StartRequest;
  readonly tableName: string;
  readonly tableId: string;
  /** Who started it: items are written with these permissions. */
  readonly caller: Caller;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Whether ListBulkOperations names it. */
  readonly isListed: Lagging<boolean>;
  status: 'IN_PROGRESS' | 'COMPLETED' | 'COMPLETED_WITH_ERRORS' | 'CANCELLING' | 'CANCELLED' | 'FAILED';
  endedAt?: number;
  /** Once the input has been listed. */
  lines?: PendingLine[];
  readonly report: BulkPutReportLine[];
  processed: number;
  failed: number;
  inputBytes: number;
  tableBytes: number;
  failure?: { readonly code: string; readonly message: string };
}

/** Whether the operation may still write. */
export function isActive({ status }: BulkOperation): boolean {
  return status === 'IN_PROGRESS' || status === 'CANCELLING';
}
