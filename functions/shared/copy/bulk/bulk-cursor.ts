import { type BulkOperation, isEnded } from '../../aws/bulk-operations.ts';
import type { Progress } from '../checkpoint.ts';

/** How far the bulk put of one table has come. Kept when it is done, because the report names the operation. */
export interface BulkCursor {
  /** Name of the table, with the run's prefix. */
  readonly table: string;
  /** Operations that the run has started for the table, this one included. A resumed run may start another one. */
  readonly attempt: number;
  /** `<run id>:<table>:<attempt>`: finds the operation again where the answer to its start was lost. */
  readonly token: string;
  /** Epoch milliseconds: written down before the operation was started. */
  readonly intentAt: number;
  /** ARN of the execution that made the attempt. */
  readonly executionArn: string;
  /** Cap in write units a second; 0: none. Kept, because a token stands for one order. */
  readonly writeUnitsPerSecond: number;
  /** Epoch milliseconds: since when DynamoDB has not let the operation start. Absent: it has not refused it. */
  readonly busySince?: number;
  /** Epoch milliseconds: when an operation that may have been started was first looked for in vain. */
  readonly missingSince?: number;
  /** ARN of the operation; absent: nobody knows whether it was started. */
  readonly operationArn?: string;
  /** Epoch milliseconds: when DynamoDB says that it began and ended. */
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** What the earlier attempts are charged for. */
  readonly earlierBytes?: number;
  /** Where reading the report goes on; absent: it has not begun. */
  readonly report?: ReportPlace;
}

/** A place in the files of an operation's report. */
export interface ReportPlace {
  readonly filesDone: number;
  /** Of the file after them. */
  readonly bytesDone: number;
  readonly linesDone: number;
}

/** What DynamoDB says of the operation now, added to what is known of the table's load. */
export function noted<P extends Pick<Progress<BulkCursor>, 'cursor' | 'counters'>>(
  progress: P,
  operation: BulkOperation,
): P {
  const { cursor, counters } = progress;
  const { processed, failed, bulkPutBytes, startedAt, endedAt } = operation;
  return {
    ...progress,
    counters: {
      ...counters,
      items: processed,
      failed,
      bulkPutBytes: bulkPutBytes + (cursor?.earlierBytes ?? 0),
    },
    cursor: cursor && {
      ...cursor,
      ...(startedAt !== undefined && { startedAt }),
      ...(isEnded(operation) && endedAt !== undefined && { endedAt }),
    },
  };
}
