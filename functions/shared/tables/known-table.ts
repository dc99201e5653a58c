import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { createLookout } from '../ledger/fence.ts';
import type { TableRecord } from '../ledger/table-record.ts';
import type { Runtime } from '../runtime.ts';
import { describeTable } from '../aws/describe-table.ts';
import { missingTableError, replacedTableError } from './target-conflicts.ts';

/** What a look at a table needs. */
export type TableLooker = { readonly clients: Pick<Runtime['clients'], 'tables'> } & Pick<Runtime, 'clock'>;

/**
 * Of a table that was ACTIVE before: one that is missing now will not appear.
 *
 * @throws TableUnavailableError; not retried
 */
export async function describeKnown({ clients }: TableLooker, name: string): Promise<TableDescription> {
  const table = await describeTable(clients.tables, name);
  if (table === undefined) throw missingTableError(name);
  return table;
}

/** A table as the ledger knows it. */
export type KnownTable = Pick<TableRecord, 'name' | 'tableId'>;

/**
 * Checks that the table is still the one that the run began with, because a table that replaces another has the same
 * name. Called at the beginning of every turn that reads it. Who writes to it looks with {@link watchTables}.
 *
 * @returns its TableId
 * @throws TableUnavailableError naming the table; not retried
 */
export async function assertSameTable(runtime: TableLooker, { name, tableId }: KnownTable): Promise<string> {
  const { TableId = '' } = await describeKnown(runtime, name);
  if (tableId !== undefined && TableId !== tableId) throw replacedTableError({ name, tableId }, TableId);
  return TableId;
}

/**
 * {@link assertSameTable} of these tables, to be awaited before every request that writes to one of them: no request
 * begins on a look that is older than 5 s. The fence is awaited after it, so that its look stays the youngest. What it
 * returns throws TableUnavailableError naming the table; not retried.
 */
export function watchTables(runtime: TableLooker, tables: readonly KnownTable[]): () => Promise<void> {
  return createLookout(runtime.clock, async () => {
    for (const table of tables) await assertSameTable(runtime, table);
  });
}
