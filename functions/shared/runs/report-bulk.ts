import type { BulkCursor } from '../copy/bulk/bulk-cursor.ts';
import type { ChosenEngine } from '../cost/write-engine.ts';
import { RUN_LAYOUT } from '../files/layout.ts';
import type { Run } from '../ledger/run.ts';
import type { Shard } from '../ledger/shard.ts';
import type { Runtime } from '../runtime.ts';
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
  /** ISO 8601, by DynamoDB. Absent: not known. */
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** Items that were written, failed or existed already, as far as they are known. */
  readonly processed: number;
  readonly failed: number;
  /** Items of others that existed already, so that their condition failed. */
  readonly alreadyPresent: number;
  /** What DynamoDB charges for, of every attempt. Absent before the first look at the operation. */
  readonly bulkPutBytes?: number;
  /** Where DynamoDB puts what it reports of the operation. Absent: it is not known whether it was started. */
  readonly reportUri?: string;
  /** Objects of that report with lines that were read. Absent: it was not read to its end. */
  readonly reportObjects?: number;
}

/** The write engine of a run, and what its bulk put has done; nothing where the input left it at batch. */
export function reportedEngine(
  { bucket }: Pick<Runtime, 'bucket'>,
  run: Run,
  shards: Shards,
): ReportedEngine {
  const { writeEngine } = run.plan;
  const bulkPuts = (shards.get('BulkLoad') ?? []).flatMap((shard) => {
    const cursor = shard.cursor as BulkCursor | undefined;
    if (cursor === undefined) return [];
    const { operationArn, table, attempt } = cursor;
    const reportUri = `s3://${bucket}/${RUN_LAYOUT.bulkReport(run.runId, table, attempt)}`;
    return [{ ...bulkPut(shard, cursor), ...(operationArn !== undefined && { reportUri }) }];
  });
  return {
    ...(writeEngine !== undefined && { writeEngine }),
    ...(bulkPuts.length > 0 && { bulkPuts }),
  };
}

function bulkPut(
  { counters, done }: Pick<Shard, 'counters' | 'done'>,
  { table, attempt, operationArn, startedAt, endedAt, report }: BulkCursor,
): Omit<ReportedBulkPut, 'reportUri'> {
  const {
    items = 0,
    processed = items,
    failed = 0,
    alreadyPresent = 0,
    bulkPutBytes,
  }: BulkCounters = counters;
  const timeOf = (millis: number): string => new Date(millis).toISOString();
  return {
    table,
    attempt,
    ...(operationArn !== undefined && { operationArn }),
    ...(startedAt !== undefined && { startedAt: timeOf(startedAt) }),
    ...(endedAt !== undefined && { endedAt: timeOf(endedAt) }),
    processed,
    failed,
    alreadyPresent,
    ...(bulkPutBytes !== undefined && { bulkPutBytes }),
    ...(done && report !== undefined && { reportObjects: report.filesDone }),
  };
}

type BulkCounters = Readonly<Record<string, number | undefined>>;
