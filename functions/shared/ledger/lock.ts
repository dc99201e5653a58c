import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { type LedgerTable, lockKey } from './ledger-table.ts';

/** Who may change things for a source table. */
export interface Lock {
  readonly runId: string;
  /** ARN of the execution, or `manual:<run id>` of a step called alone. */
  readonly executionArn: string;
  /** ISO 8601. */
  readonly startTime: string;
  /** Epoch milliseconds; only a step called alone has one, because no execution tells whether it lives. */
  readonly expiresAt?: number;
}

/** Strongly consistent. */
export async function findLock(ledger: LedgerTable, sourceTable: string): Promise<Lock | undefined> {
  const { Item } = await ledger.client.send(
    new GetCommand({ TableName: ledger.tableName, Key: lockKey(sourceTable), ConsistentRead: true }),
  );
  return Item as Lock | undefined;
}
