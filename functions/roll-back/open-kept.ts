import { findPolicy } from '../shared/aws/change-policy.ts';
import { closersIn } from '../shared/aws/table-policy.ts';
import { errorSummary } from '../shared/errors.ts';
import type { Run } from '../shared/ledger/run.ts';
import { findTableRecord, type TableRecord } from '../shared/ledger/table-record.ts';
import type { Runtime } from '../shared/runtime.ts';
import { tableArnOf } from '../shared/tables/close-table.ts';
import { openLine, openTable } from '../shared/tables/open-table.ts';
import type { RollBackFence } from './recovery-owner.ts';

/** A table that a roll back keeps. */
export interface KeptTable {
  readonly run: Run;
  readonly fence: RollBackFence;
  readonly record: TableRecord;
}

/**
 * Opens a table that is kept. It belongs to the shop from now on. Idempotent.
 *
 * @returns what its remark must add if it could not be opened; otherwise nothing
 * @throws RunClosedError, ClaimLostError
 */
export async function openKept(runtime: Runtime, { run, fence, record: known }: KeptTable): Promise<string> {
  // It may have been closed in this turn.
  const record = (await findTableRecord(runtime.ledger, { runId: run.runId, name: known.name })) ?? known;
  const isKnown = record.access === 'CLOSED' || record.access === 'OPEN';
  const line = openLine(runtime, record);
  try {
    if (!isKnown && !(await isClosedByRun(runtime, run, record))) return '';
  } catch (error) {
    return `, and may be closed to other writers (${errorSummary(error).name}); open it with: ${line}`;
  }
  const opened = await openTable(runtime, run, record, () => fence.check());
  if (opened.isOpen) return '';
  const said = `, and is still closed to other writers (${opened.reason})`;
  return opened.neededBy === undefined ? `${said}; open it with: ${line}` : said;
}

/** A call that has died may have closed the table, at its creation or to inspect it, and not have recorded that. */
async function isClosedByRun(runtime: Runtime, { runId }: Run, record: TableRecord): Promise<boolean> {
  const found = await findPolicy(runtime, tableArnOf(runtime, record));
  return found.kind === 'policy' && closersIn(found.policy).includes(runId);
}
