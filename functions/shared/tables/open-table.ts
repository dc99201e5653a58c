import { awsCommandsOf } from '../commands.ts';
import { errorSummary } from '../errors.ts';
import { ClaimLostError } from '../ledger/claims.ts';
import { findAnyRun, type Run, type RunStatus } from '../ledger/run.ts';
import { noteTable, type TableRecord } from '../ledger/table-record.ts';
import type { Runtime } from '../runtime.ts';
import { changePolicy, deleteRevision } from '../aws/change-policy.ts';
import { describeTable } from '../aws/describe-table.ts';
import { tableArnOf } from './close-table.ts';
import { closersIn, isClosed, openedPolicy } from '../aws/table-policy.ts';

/** Whether a table is open by GetResourcePolicy. */
export type Opened = { readonly isOpen: true } | StillClosed;

export interface StillClosed {
  readonly isOpen: false;
  /** What keeps it closed: an error's name, or a clause about a run. */
  readonly reason: string;
  /** The run without an end that needs it closed. Absent: somebody may open it by hand. */
  readonly neededBy?: string;
}

/** Ends the opening before anything is changed, with this answer. */
class NotToBeOpened extends Error {
  override readonly name = 'NotToBeOpened';
  readonly answer: Opened;

  constructor(answer: Opened) {
    super('The table is not to be opened.');
    this.answer = answer;
  }
}

/**
 * Removes every statement of ours from a table's policy, no matter which run put it, unless a run needs it that has no end
 * yet. Statements of others stay. Records the table as OPEN once GetResourcePolicy says so. Idempotent. A table that is
 * gone, or that another one has replaced, counts as open.
 *
 * @param check for a roll back that opens what its own run has closed: its fence
 */
export async function openTable(
  runtime: Runtime,
  run: Pick<Run, 'runId'>,
  record: TableRecord,
  check?: () => Promise<void>,
): Promise<Opened> {
  const { name, access, policyRevision } = record;
  const tableArn = tableArnOf(runtime, record);
  // Called after the policy was read. It is changed only if it is still the same.
  const mayOpen = async (policy: string | undefined): Promise<void> => {
    await assertNotReplaced(runtime, record);
    await assertNotNeeded(runtime, policy, check && run.runId);
    await check?.();
  };
  const change = {
    tableArn,
    wanted: (policy: string | undefined) => (policy === undefined ? undefined : openedPolicy(policy)),
    isDone: (policy: string | undefined) => !isClosed(policy),
    check: mayOpen,
  };
  try {
    // By its revision first: GetResourcePolicy may not know the policy of a young table yet.
    if (access === 'CLOSED' && policyRevision !== undefined)
      await deleteRevision(runtime, {
        tableArn,
        revisionId: policyRevision,
        check: () => mayOpen(undefined),
      });
    const { kind } = await changePolicy(runtime, change);
    if (kind === 'done') await noteTable(runtime.ledger, { runId: run.runId, name }, { access: 'OPEN' });
    return { isOpen: true };
  } catch (error) {
    if (error instanceof NotToBeOpened) return error.answer;
    const { name: reason } = errorSummary(error);
    if (reason === 'RunClosedError' || error instanceof ClaimLostError) throw error;
    return { isOpen: false, reason };
  }
}

/** An ARN is only a name: another table may have it now. */
async function assertNotReplaced({ clients }: Runtime, { name, tableId }: TableRecord): Promise<void> {
  const { TableId = tableId } = (await describeTable(clients.tables, name)) ?? {};
  if (tableId !== undefined && TableId !== tableId) throw new NotToBeOpened({ isOpen: true });
}

/** What a run does that has closed a table and still needs it closed. */
const AT_WORK: Partial<Record<RunStatus, string>> = {
  RUNNING: 'is still running',
  HELD: 'is held',
  ROLLING_BACK: 'is being rolled back',
};

/**
 * That run would overwrite what others write from now on, or delete the table with it. It closes a table while it is
 * RUNNING, and its roll back closes one after it has marked the run.
 */
async function assertNotNeeded(
  { ledger }: Runtime,
  policy: string | undefined,
  ownId: string | undefined,
): Promise<void> {
  for (const runId of closersIn(policy)) {
    const status = runId === ownId ? undefined : (await findAnyRun(ledger, runId))?.status;
    const what = status && AT_WORK[status];
    if (what !== undefined)
      throw new NotToBeOpened({ isOpen: false, reason: `run ${runId} ${what}`, neededBy: runId });
  }
}

/** For the operator who cannot wait. */
export function openLine(runtime: Runtime, record: Pick<TableRecord, 'name' | 'tableArn'>): string {
  return awsCommandsOf(runtime.config).deletePolicy(tableArnOf(runtime, record)).line;
}
