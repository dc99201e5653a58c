import { describeExecution } from '../executions.ts';
import { counted } from '../format.ts';
import { endOf, runIdOf, settledRun, stop } from './executions.ts';
import { findOwnTables } from './ownership.ts';
import type { Smoke } from './smoke-run.ts';
import { deleteTable } from './tables.ts';

/** Ends what is still running, so that no worker writes into tables that are about to go. */
async function endExecutions(smoke: Smoke): Promise<void> {
  for (const executionArn of smoke.executions) {
    const { status } = await describeExecution(smoke.context.sfn, executionArn);
    if (status === 'RUNNING') await stop(smoke, executionArn).then(() => endOf(smoke, executionArn));
    await settledRun(smoke, runIdOf(executionArn));
  }
}

/**
 * Removes every table that a smoke test has made, the source last, as long as which it can be told what belongs to a
 * test. Bucket and ledger keep what the test has left there.
 *
 * @returns what was removed, for the list.
 */
export async function cleanUp(smoke: Smoke): Promise<string> {
  await endExecutions(smoke);
  const { source, made } = await findOwnTables(smoke);
  const tables = source === undefined ? [] : [...made, source];
  const scope = { dynamo: smoke.context.dynamo, pace: smoke.pace };
  for (const table of tables) await deleteTable(scope, table);
  return `${counted(tables.length, 'table')} removed; bucket and ledger keep backups and records`;
}
