import { describeTable } from '../shared/aws/describe-table.ts';
import { commandsOf, stepText } from '../shared/commands.ts';
import { TableUnavailableError } from '../shared/errors.ts';
import { findAnyRun, findRun, isReadable } from '../shared/ledger/run.ts';
import { findTableRecord, listAnnouncers } from '../shared/ledger/table-record.ts';
import type { FollowedTable } from '../shared/ledger/sync-facts.ts';
import type { SyncRuntime } from './sync-runtime.ts';

/**
 * Checks before a sync or a compare begins that a table of the migration is still there, and the same.
 *
 * @throws TableUnavailableError naming who has deleted it, as far as the ledger knows; not retried
 */
export async function assertStillThere(
  runtime: SyncRuntime,
  runId: string,
  table: FollowedTable,
): Promise<void> {
  const said = await missingTable(runtime, runId, table);
  if (said === undefined) return;
  throw new TableUnavailableError(
    `${said} Nothing was changed.`,
    stepText(['Migrate again', commandsOf(runtime.config).migrate({})]),
  );
}

/** Why a table of the migration is gone, or another one, as a sentence; `undefined`: it is there. */
export async function missingTable(
  runtime: SyncRuntime,
  runId: string,
  table: FollowedTable,
): Promise<string | undefined> {
  const { name, tableId } = table;
  const found = await describeTable(runtime.clients.tables, name);
  if (found !== undefined && (tableId === undefined || found.TableId === tableId)) return undefined;
  const roller = await rolledBackWith(runtime, table);
  const who = roller === undefined ? 'somebody' : `the roll back of run ${roller}`;
  return found === undefined
    ? `Table ${name} of run ${runId} is gone: ${who} has deleted it.`
    : `Table ${name} is not the one of run ${runId} any more: ${who} has deleted that one, and another has its name (TableId ${found.TableId}, and it was ${tableId}).`;
}

/** The run whose roll back has deleted the table. */
async function rolledBackWith(
  { ledger }: SyncRuntime,
  { name, tableId }: FollowedTable,
): Promise<string | undefined> {
  if (tableId === undefined) return undefined;
  for (const runId of await listAnnouncers(ledger, name)) {
    const record = await findTableRecord(ledger, { runId, name });
    if (record?.outcome !== 'DELETED' || record.tableId !== tableId || record.deleting === undefined)
      continue;
    const known = await findAnyRun(ledger, runId);
    const run = known && isReadable(known) ? await findRun(ledger, runId) : undefined;
    // A roll back notes that it deletes a table before it does. It has no such note of one that it found gone.
    if (record.deleting.markedAt === run?.markedAt) return runId;
  }
  return undefined;
}
