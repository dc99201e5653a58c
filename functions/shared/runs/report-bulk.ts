import type { BulkCursor } from '../copy/bulk/bulk-cursor.ts';
import type { ChosenEngine } from '../cost/write-engine.ts';
import type { Run } from '../ledger/run.ts';
import type { Shards } from './count-shards.ts';

/** The part of a report that says how the tables were filled. */
export interface ReportedEngine {
  /** What filled the tables, and a clause that says why. Absent: our own workers, as the input asked for nothing else. */
  readonly writeEngine?: ChosenEngine;
  /** DynamoDB's bulk put of each table. */
  readonly bulkPuts?: readonly ReportedBulkPut[];
}

/** DynamoDB's bulk put of one table: the last operation that the run has started, or was to start. */
export interface ReportedBulkPut {
  readonly table: string;
  /** Operations that the run has started for the table. */
  readonly attempt: number;
  /** Absent: it is not known whether it was started. */
  readonly operationArn?: string;
  /** Items that were written, failed or existed already, as far as they are known. */
  readonly processed: number;
  readonly failed: number;
  readonly alreadyPresent: number;
  /** What DynamoDB charges for. Absent before the end. */
  readonly bulkPutBytes?: number;
}

/** The write engine of a run, and what its bulk put has done; nothing where the input left it at batch. */
export function reportedEngine({ plan }: Run, shards: Shards): ReportedEngine {
  const bulkPuts = (shards.get('BulkLoad') ?? []).flatMap(({ cursor, counters }) =>
    cursor === undefined ? [] : [bulkPut(cursor as BulkCursor, counters)],
  );
  return {
    ...(plan.writeEngine !== undefined && { writeEngine: plan.writeEngine }),
    ...(bulkPuts.length > 0 && { bulkPuts }),
  };
}

function bulkPut(
  { table, attempt, operationArn }: BulkCursor,
  { items = 0, processed = items, failed = 0, alreadyPresent = 0, bulkPutBytes }: BulkCounters,
): ReportedBulkPut {
  return {
    table,
    attempt,
    ...(operationArn !== undefined && { operationArn }),
    processed,
    failed,
    alreadyPresent,
    ...(bulkPutBytes !== undefined && { bulkPutBytes }),
  };
}

type BulkCounters = Readonly<Record<string, number | undefined>>;
