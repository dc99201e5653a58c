import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { TransactWriteCommand, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { TransientError } from '../errors.ts';
import { retry } from '../retry.ts';
import type { LedgerTable } from './ledger-table.ts';

/** One write, or one check, of a transaction. */
export type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/** Transient reasons: another transaction was at the same item, or there were too many. */
const PASSING = new Set([
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
]);
/** Four branches that check one run at once are through in milliseconds; beyond this the state's own retry is the better place. */
const PATIENCE_MILLIS = 20_000;

const codesOf = (error: TransactionCanceledException): readonly string[] =>
  (error.CancellationReasons ?? []).map(({ Code = 'None' }) => Code);

function isPassing(error: unknown): boolean {
  if (!(error instanceof TransactionCanceledException)) return false;
  const codes = codesOf(error).filter((code) => code !== 'None');
  return codes.length > 0 && codes.every((code) => PASSING.has(code));
}

/** An engine that names no reasons has no other one. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof TransactionCanceledException)) return false;
  const codes = codesOf(error);
  return codes.length === 0 || codes.includes('ConditionalCheckFailed');
}

/**
 * Writes all of it or nothing. Transactions that meet on one item, be it only to check it, cancel one another, and
 * the SDK does not repeat a cancelled one: it is repeated here, with jitter.
 *
 * @returns whether it is written; `false`: a condition did not hold.
 * @throws TransientError (retried) where the conflict goes on; the SDK's errors.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling
 */
export async function transact(
  ledger: LedgerTable,
  TransactItems: readonly TransactItem[],
): Promise<boolean> {
  const command = new TransactWriteCommand({ TransactItems: [...TransactItems] });
  const { clock } = ledger;
  const until = { clock, deadline: clock.now() + PATIENCE_MILLIS, isRetryable: isPassing };
  try {
    await retry(until, () => ledger.client.send(command));
    return true;
  } catch (error) {
    if (isPassing(error))
      throw new TransientError(
        `The ledger ${ledger.tableName} was too busy for a transaction for ${PATIENCE_MILLIS / 1_000} seconds; the step is tried again.`,
      );
    if (isRefusal(error)) return false;
    throw error;
  }
}
