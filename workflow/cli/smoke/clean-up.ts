import { executionNameOf } from '../../../functions/shared/names.ts';
import { describeExecution } from '../executions.ts';
import { counted } from '../../../functions/shared/format.ts';
import { OperatorError } from '../operator-error.ts';
import { endOf, recoveredRun, stop } from './executions.ts';
import { findOwnTables, findRemains } from './ownership.ts';
import type { Smoke } from './smoke-run.ts';
import { deleteTable } from './tables.ts';

/**
 * Removes every table that a smoke test has made, the source last, as long as which it can be told what belongs to a
 * test. Bucket and ledger keep what the test has left there.
 *
 * @returns what was removed, for the list.
 * @throws OperatorError naming what is left, because it cannot be shown to be the test's.
 */
export async function cleanUp(smoke: Smoke): Promise<string> {
  await endExecutions(smoke);
  const { source, made } = await findOwnTables(smoke);
  if (source === undefined) return 'there is nothing to remove';
  const scope = { dynamo: smoke.context.dynamo, pace: smoke.pace };
  for (const table of made) await deleteTable(scope, table);
  const remains = await findRemains(smoke);
  if (remains.length > 0)
    throw new OperatorError(
      `Still there: ${remains.join(', ')}, because tags and ledger do not both say that the smoke test made them; and ${source.name}, by which the next test knows them. Look at them, and remove them by hand.`,
    );
  await deleteTable(scope, source);
  return `${counted(made.length + 1, 'table')} removed; bucket and ledger keep backups and records`;
}

/** Ends what is still running, so that no worker writes into tables that are about to go. */
async function endExecutions(smoke: Smoke): Promise<void> {
  for (const executionArn of smoke.executions) {
    const { status } = await describeExecution(smoke.context.sfn, executionArn);
    if (status === 'RUNNING') await stop(smoke, executionArn).then(() => endOf(smoke, executionArn));
    await recoveredRun(smoke, executionNameOf(executionArn));
  }
}
