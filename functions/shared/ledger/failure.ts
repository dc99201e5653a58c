import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { failureKey, type LedgerTable } from './ledger-table.ts';

/** One failure inside a Map or a branch. The first recorded is the root cause. */
export interface FailureRecord {
  readonly error: string;
  /** A sentence. */
  readonly cause: string;
  readonly state: string;
  readonly shard?: number | undefined;
  /** ISO 8601. */
  readonly at: string;
}

/** More failures than these of one run tell nothing new. */
const maxFailures = 20;

/** Adds a failure behind the ones there are; beyond the 20th it is dropped. */
export async function recordFailure(
  ledger: LedgerTable,
  runId: string,
  failure: FailureRecord,
): Promise<void> {
  for (let index = 0; index < maxFailures; index++) {
    try {
      await ledger.client.send(
        new PutCommand({
          TableName: ledger.tableName,
          Item: { ...failureKey(runId, index), ...failure },
          ConditionExpression: 'attribute_not_exists(PK)',
        }),
      );
      return;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }
}

/** The root cause of a run's failure, if any was recorded. Strongly consistent. */
export async function findFirstFailure(
  ledger: LedgerTable,
  runId: string,
): Promise<FailureRecord | undefined> {
  const { Item } = await ledger.client.send(
    new GetCommand({ TableName: ledger.tableName, Key: failureKey(runId, 0), ConsistentRead: true }),
  );
  return Item as FailureRecord | undefined;
}
