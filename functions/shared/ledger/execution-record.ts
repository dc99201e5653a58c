import { putItem } from './actions.ts';
import { executionKey, type LedgerTable } from './ledger-table.ts';
import { get } from './store.ts';
import type { TransactItem } from './transact.ts';

/**
 * What a call of a step alone has in place of an execution's ARN. Every call has one of its own, so that a late call
 * is told from the one that goes on with its run.
 */
export function manualArn(runId: string, requestId: string): string {
  return `manual:${runId}:${requestId}`;
}

/** Which run an execution works on: its own, or the one it resumes. */
export interface ExecutionRecord {
  readonly runId: string;
  readonly executionArn: string;
  /** ISO 8601: a name can be used again after 90 days, a start time cannot. */
  readonly startTime: string;
}

/** Strongly consistent; `undefined` before BeginRun. */
export function findExecution(
  ledger: LedgerTable,
  executionName: string,
): Promise<ExecutionRecord | undefined> {
  return get<ExecutionRecord>(ledger, executionKey(executionName));
}

/** Notes which run an execution works on. */
export function executionPut(
  ledger: LedgerTable,
  runId: string,
  {
    executionName,
    executionArn,
    startTime,
  }: Omit<ExecutionRecord, 'runId'> & { readonly executionName: string },
): TransactItem {
  return putItem(ledger, executionKey(executionName), { item: { runId, executionArn, startTime } });
}
