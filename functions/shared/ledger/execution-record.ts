import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { executionKey, type LedgerTable } from './ledger-table.ts';

const manualPrefix = 'manual:';

/**
 * What a call of a step alone has in place of an execution's ARN. Every call has one of its own, so that a late call
 * is told from the one that goes on with its run.
 */
export function manualArn(runId: string, requestId: string): string {
  return `${manualPrefix}${runId}:${requestId}`;
}

export function isManualArn(executionArn: string): boolean {
  return executionArn.startsWith(manualPrefix);
}

/** Which run an execution works on: its own, or the one it resumes. */
export interface ExecutionRecord {
  readonly runId: string;
  readonly executionArn: string;
  /** ISO 8601: a name can be used again after 90 days, a start time cannot. */
  readonly startTime: string;
}

/** Strongly consistent. */
export async function findExecution(
  ledger: LedgerTable,
  executionName: string,
): Promise<ExecutionRecord | undefined> {
  const { Item } = await ledger.client.send(
    new GetCommand({ TableName: ledger.tableName, Key: executionKey(executionName), ConsistentRead: true }),
  );
  return Item as ExecutionRecord | undefined;
}
