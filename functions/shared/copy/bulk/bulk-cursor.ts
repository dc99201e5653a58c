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
  /** ARN of the operation; absent: nobody knows whether it was started. */
  readonly operationArn?: string;
  /** Where reading the report goes on; absent: it has not begun. */
  readonly report?: ReportPlace;
}

/** A place in the files of an operation's report. */
export interface ReportPlace {
  readonly filesDone: number;
  /** Of the file after them. */
  readonly bytesDone: number;
}
