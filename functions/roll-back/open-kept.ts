import type { Run } from '../shared/ledger/run.ts';
import type { TableRecord } from '../shared/ledger/table-record.ts';
import type { Runtime } from '../shared/runtime.ts';
import { openCommand, openTable } from '../shared/tables/open-table.ts';
import type { RollBackFence } from './recovery-owner.ts';

/** A table that a roll back keeps. */
export interface KeptTable {
  readonly run: Run;
  readonly fence: RollBackFence;
  readonly record: TableRecord;
}

/**
 * Opens a table that stays: it is the shop's from now on.
 *
 * @returns what its remark must add where it could not be opened; else nothing
 * @throws RunClosedError, ClaimLostError
 */
export async function openKept(runtime: Runtime, { run, fence, record }: KeptTable): Promise<string> {
  // Nothing was closed: by a step called alone, or by a deployment that closes none.
  if (record.access === undefined || record.access === 'NEVER_CLOSED') return '';
  const opened = await openTable(runtime, run, record, () => fence.check());
  if (opened.isOpen) return '';
  return `, and is still closed to other writers (${opened.reason}); open it with: ${openCommand(runtime, record)}`;
}
