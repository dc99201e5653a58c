import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { executionKey, type LedgerTable } from './ledger-table.ts';

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
