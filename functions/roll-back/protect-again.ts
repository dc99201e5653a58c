import { awsCommandsOf } from '../shared/commands.ts';
import { findTableRecord, noteTable } from '../shared/ledger/table-record.ts';
import type { Runtime } from '../shared/runtime.ts';
import { describeTable } from '../shared/aws/describe-table.ts';
import { tableArnOf } from '../shared/tables/close-table.ts';
import { protectFromDeletion } from '../shared/tables/protect-tables.ts';
import type { KeptTable } from './open-kept.ts';

/**
 * Switches the deletion protection of a kept table on again, if a roll back has switched it off to delete it. Idempotent.
 *
 * @returns what its remark must add if that is refused; otherwise nothing
 * @throws RunClosedError, ClaimLostError
 */
export async function protectAgain(
  runtime: Runtime,
  { run: { runId }, fence, record: { name } }: KeptTable,
): Promise<string> {
  // It may have been switched off in this turn.
  const record = await findTableRecord(runtime.ledger, { runId, name });
  if (record?.isUnprotected !== true) return '';
  const table = await describeTable(runtime.clients.tables, name);
  if (table === undefined || table.TableId !== record.tableId) return '';
  const refusal = await protectFromDeletion(runtime, { name, check: () => fence.check() });
  if (refusal === undefined) {
    await noteTable(runtime.ledger, { runId, name }, { isUnprotected: false, deletionProtection: 'ON' });
    return '';
  }
  // It may be the fence that has kept it off.
  await fence.check();
  const { line } = awsCommandsOf(runtime.config).protectTable(tableArnOf(runtime, record));
  return `, and is no longer protected from deletion (${refusal}); protect it with: ${line}`;
}
