import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, GetCommand } from '@aws-sdk/lib-dynamodb';
import { type LedgerKey, type LedgerTable, lockKey } from './ledger-table.ts';
import type { Run } from './run.ts';

/** Who may change things for a source table, or fill up a restored one. */
export interface Lock {
  readonly runId: string;
  /** ARN of the execution, or `manual:<run id>:<request id>` of a step called alone. */
  readonly executionArn: string;
  /** ISO 8601. */
  readonly startTime: string;
  /** Epoch milliseconds; only a step called alone has one, because no execution tells whether it lives. */
  readonly expiresAt?: number;
}

type Locking = Pick<Run, 'sourceTable' | 'lockTable'>;

/** The table that a run keeps others from. */
export function lockTableOf({ sourceTable, lockTable = sourceTable }: Locking): string {
  return lockTable;
}

/** The lock that a run works under. */
export function lockKeyOf(run: Locking): LedgerKey {
  return lockKey(lockTableOf(run));
}

/** Removes a lock, if it still names this run. Idempotent. @returns whether it was there */
export async function removeLock(ledger: LedgerTable, table: string, runId: string): Promise<boolean> {
  try {
    await ledger.client.send(
      new DeleteCommand({
        TableName: ledger.tableName,
        Key: lockKey(table),
        ConditionExpression: 'runId = :run',
        ExpressionAttributeValues: { ':run': runId },
      }),
    );
    return true;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return false;
  }
}

/** Strongly consistent. */
export async function findLock(ledger: LedgerTable, table: string): Promise<Lock | undefined> {
  const { Item } = await ledger.client.send(
    new GetCommand({ TableName: ledger.tableName, Key: lockKey(table), ConsistentRead: true }),
  );
  return Item as Lock | undefined;
}

/** {@link findLock} of the table that a run keeps others from. */
export function findLockOf(ledger: LedgerTable, run: Locking): Promise<Lock | undefined> {
  return findLock(ledger, lockTableOf(run));
}
