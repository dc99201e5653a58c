import type { TableDescription } from '@aws-sdk/client-dynamodb';
import type { TableRecord } from '../ledger/table-record.ts';
import type { Runtime } from '../runtime.ts';
import { describeTable } from '../aws/describe-table.ts';
import { missingTableError, replacedTableError } from './target-conflicts.ts';

/**
 * Of a table that was ACTIVE before: one that is missing now will not appear.
 *
 * @throws TableUnavailableError; not retried
 */
export async function describeKnown({ clients }: Runtime, name: string): Promise<TableDescription> {
  const table = await describeTable(clients.tables, name);
  if (table === undefined) throw missingTableError(name);
  return table;
}

/**
 * Checks that the table is still the one that the run began with. Called at the beginning of every turn that writes to it
 * or reads it, because a table that replaces another has the same name.
 *
 * @throws TableUnavailableError naming the table; not retried
 */
export async function assertSameTable(
  runtime: Runtime,
  { name, tableId }: Pick<TableRecord, 'name' | 'tableId'>,
): Promise<void> {
  const { TableId = '' } = await describeKnown(runtime, name);
  if (tableId !== undefined && TableId !== tableId) throw replacedTableError(name);
}
