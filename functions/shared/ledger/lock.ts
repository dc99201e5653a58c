import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, GetCommand } from '@aws-sdk/lib-dynamodb';
import { type LedgerKey, type LedgerTable, lockKey } from './ledger-table.ts';
import type { Run } from './run.ts';

/** Who may change things for a source table. */
export interface Lock {
  readonly runId: string;
  /** ARN of the execution, or `manual:<run id>:<request id>` of a step called alone. */
  readonly executionArn: string;
  /** ISO 8601. */
  readonly startTime: string;
  /** Epoch milliseconds; only a step called alone has one, because no execution tells whether it lives. */
  readonly expiresAt?: number;
}

/** The lock that a run works under. */
export function lockKeyOf(run: Pick<Run, 'sourceTable'>): LedgerKey {
  return lockKey(run.sourceTable);
}

/** Removes a lock, if it still names this run. Idempotent. */
export async function removeLock(ledger: LedgerTable, sourceTable: string, runId: string): Promise<void> {
  await ledger.client
    .send(
      new DeleteCommand({
        TableName: ledger.tableName,
        Key: lockKey(sourceTable),
        ConditionExpression: 'runId = :run',
        ExpressionAttributeValues: { ':run': runId },
      }),
    )
    .catch((error: unknown) => {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    });
}

/** Strongly consistent. */
export async function findLock(ledger: LedgerTable, sourceTable: string): Promise<Lock | undefined> {
  const { Item } = await ledger.client.send(
    new GetCommand({ TableName: ledger.tableName, Key: lockKey(sourceTable), ConsistentRead: true }),
  );
  return Item as Lock | undefined;
}
