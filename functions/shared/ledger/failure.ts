import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { failureKey, type LedgerTable, versioned } from './ledger-table.ts';

/** One failure inside a Map or a branch. The first recorded of an execution is its root cause. */
export interface FailureRecord {
  /** The execution it happened in: a held run that is resumed fails for reasons of its own. */
  readonly executionArn: string;
  readonly error: string;
  /** A sentence. */
  readonly cause: string;
  readonly state: string;
  readonly shard?: number | undefined;
  /** ISO 8601. */
  readonly at: string;
}

/** As many workers as fail at once, several times resumed; more failures than these of one run tell nothing new. */
const maxFailures = 100;

/** Adds a failure behind the ones there are; beyond the 100th it is dropped. */
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
          Item: { ...failureKey(runId, index), ...versioned, ...failure },
          ConditionExpression: 'attribute_not_exists(PK)',
        }),
      );
      return;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }
}

/** The root cause of an execution's failure, if any was recorded. Strongly consistent. */
export async function findFirstFailure(
  ledger: LedgerTable,
  { runId, executionArn }: { readonly runId: string; readonly executionArn: string },
): Promise<FailureRecord | undefined> {
  for (let index = 0; index < maxFailures; index++) {
    const { Item } = await ledger.client.send(
      new GetCommand({ TableName: ledger.tableName, Key: failureKey(runId, index), ConsistentRead: true }),
    );
    if (Item === undefined) return undefined;
    const failure = Item as unknown as FailureRecord;
    if (failure.executionArn === executionArn) return failure;
  }
  return undefined;
}
