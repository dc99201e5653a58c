import { awsCommandsOf } from '../commands.ts';
import { errorSummary } from '../errors.ts';
import { ClaimLostError } from '../ledger/claims.ts';
import { findAnyRun, type Run } from '../ledger/run.ts';
import { noteTable, type TableRecord } from '../ledger/table-record.ts';
import type { Runtime } from '../runtime.ts';
import { changePolicy, deleteRevision } from '../aws/change-policy.ts';
import { tableArnOf } from './close-table.ts';
import { isClosed, openedPolicy, rollBacksIn } from '../aws/table-policy.ts';

/** Whether a table is open by GetResourcePolicy. `reason` names the error that keeps it closed. */
export type Opened = { readonly isOpen: true } | { readonly isOpen: false; readonly reason: string };

/** Anything written to the table from now on would be lost with it. */
class RollBackAtWork extends Error {
  override readonly name = 'RollBackAtWork';
}

/**
 * Removes every statement of ours from a table's policy, no matter which run put it. Statements of others stay, and so
 * does the closure of a roll back that is at work. Records the table as OPEN once GetResourcePolicy says so. Idempotent.
 * A table that is gone counts as open.
 *
 * @param check for a roll back that opens what it has closed itself: its fence
 */
export async function openTable(
  runtime: Runtime,
  run: Pick<Run, 'runId'>,
  record: TableRecord,
  check: (policy: string | undefined) => Promise<void> = (policy) => assertNoRollBack(runtime, policy),
): Promise<Opened> {
  const { name, access, policyRevision } = record;
  const tableArn = tableArnOf(runtime, record);
  const change = {
    tableArn,
    wanted: (policy: string | undefined) => (policy === undefined ? undefined : openedPolicy(policy)),
    isDone: (policy: string | undefined) => !isClosed(policy),
    check,
  };
  try {
    // By its revision first: GetResourcePolicy may not know the policy of a young table yet.
    if (access === 'CLOSED' && policyRevision !== undefined)
      await deleteRevision(runtime, {
        tableArn,
        revisionId: policyRevision,
        check: () => check(undefined),
      });
    const { kind } = await changePolicy(runtime, change);
    if (kind === 'done') await noteTable(runtime.ledger, { runId: run.runId, name }, { access: 'OPEN' });
    return { isOpen: true };
  } catch (error) {
    const { name: reason } = errorSummary(error);
    if (reason === 'RunClosedError' || error instanceof ClaimLostError) throw error;
    return { isOpen: false, reason: error instanceof RollBackAtWork ? error.message : reason };
  }
}

/**
 * Makes sure that no roll back is looking into the table to delete it. Called after its policy was read, and the policy is
 * changed only if it is still the same, because a roll back closes a table after it has marked its run.
 */
async function assertNoRollBack({ ledger }: Runtime, policy: string | undefined): Promise<void> {
  for (const runId of rollBacksIn(policy))
    if ((await findAnyRun(ledger, runId))?.status === 'ROLLING_BACK')
      throw new RollBackAtWork(`run ${runId} is being rolled back`);
}

/** For the operator who cannot wait. */
export function openLine(runtime: Runtime, record: Pick<TableRecord, 'name' | 'tableArn'>): string {
  return awsCommandsOf(runtime.config).deletePolicy(tableArnOf(runtime, record)).line;
}
