import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { RunClosedError } from '../errors.ts';
import { type LedgerTable, runKey } from './ledger-table.ts';
import type { Run } from './run.ts';

/** Facts of a run that its stages add; status, lock and recoveryOwner change by `transition` only. */
export type RunFacts = Partial<
  Pick<Run, 'source' | 'backup' | 'rehearsal' | 'verification' | 'details' | 'protection' | 'failure'>
>;

/** `SET` of every given attribute, names escaped. */
export function setExpression(facts: Readonly<Record<string, unknown>>): {
  readonly UpdateExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Record<string, unknown>;
} {
  const entries = Object.entries(facts).filter(([, value]) => value !== undefined);
  return {
    UpdateExpression: `SET ${entries.map(([name]) => `#${name} = :${name}`).join(', ')}`,
    ExpressionAttributeNames: Object.fromEntries(entries.map(([name]) => [`#${name}`, name])),
    ExpressionAttributeValues: Object.fromEntries(entries.map(([name, value]) => [`:${name}`, value])),
  };
}

/**
 * Adds facts to a run that is RUNNING for this execution.
 *
 * @throws RunClosedError when it is not; not retried.
 */
export async function updateRun(
  ledger: LedgerTable,
  scope: { readonly runId: string; readonly executionArn: string },
  facts: RunFacts,
): Promise<void> {
  const set = setExpression({ ...facts });
  try {
    await ledger.client.send(
      new UpdateCommand({
        TableName: ledger.tableName,
        Key: runKey(scope.runId),
        UpdateExpression: set.UpdateExpression,
        ConditionExpression: '#status = :running AND executionArn = :execution',
        ExpressionAttributeNames: { ...set.ExpressionAttributeNames, '#status': 'status' },
        ExpressionAttributeValues: {
          ...set.ExpressionAttributeValues,
          ':running': 'RUNNING',
          ':execution': scope.executionArn,
        },
      }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    throw new RunClosedError(
      `Run ${scope.runId} is no longer running for this execution; nothing was recorded.`,
    );
  }
}

/**
 * Adds sentences to the run's warnings; each at most once. A run that somebody has removed from the ledger stays away.
 *
 * @throws the SDK's errors; harmless to repeat.
 */
export async function warnRun(ledger: LedgerTable, run: Run, warnings: readonly string[]): Promise<void> {
  const added = warnings.filter((warning) => !run.warnings.includes(warning));
  if (added.length === 0) return;
  const update = new UpdateCommand({
    TableName: ledger.tableName,
    Key: runKey(run.runId),
    UpdateExpression: 'SET warnings = list_append(if_not_exists(warnings, :none), :added)',
    ConditionExpression: 'attribute_exists(PK)',
    ExpressionAttributeValues: { ':none': [], ':added': added },
  });
  await ledger.client.send(update).catch((error: unknown) => {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  });
}
