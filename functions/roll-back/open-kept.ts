import type { Run } from '../shared/ledger/run.ts';
import { findTableRecord, type TableRecord } from '../shared/ledger/table-record.ts';
import type { Runtime } from '../shared/runtime.ts';
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
  // A step called alone closes no table, and neither does a deployment with `closeNewTables` off.
  if (record.access === undefined || record.access === 'NEVER_CLOSED') return '';
  const opened = await openTable(runtime, run, record, () => fence.check());
  if (opened.isOpen) return '';
  const said = `, and is still closed to other writers (${opened.reason})`;
  return opened.neededBy === undefined ? `${said}; open it with: ${openLine(runtime, record)}` : said;
}
