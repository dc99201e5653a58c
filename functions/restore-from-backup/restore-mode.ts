import type { Run } from '../shared/ledger/run.ts';
import { listTables, type TableRecord } from '../shared/ledger/table-record.ts';
import type { Runtime } from '../shared/runtime.ts';
import { isAloneIn } from '../shared/tables/close-table.ts';
import { assertSameTable } from '../shared/tables/known-table.ts';
import { orderOf } from '../shared/runs/restore-order.ts';

/** `NEW`: the run created its target. `EXISTING`: the target existed before and gets only the items it lacks. */
export type RestoreMode = 'NEW' | 'EXISTING';

/** The mode, according to the run's record of its target. */
export function modeIn(tables: readonly TableRecord[], run: Run): RestoreMode {
  return targetIn(tables, run)?.outcome === 'CREATED' ? 'NEW' : 'EXISTING';
}

function targetIn(tables: readonly TableRecord[], run: Run): TableRecord | undefined {
  const { targetTable } = orderOf(run);
  return tables.find(({ name }) => name === targetTable);
}

/**
 * Whether nobody else can have written to the target. Read from the ledger, where CreateRestoredTable recorded it.
 *
 * @throws TableUnavailableError (not retried) if somebody has deleted or replaced the target since
 */
export async function isAlone(runtime: Runtime, run: Run): Promise<boolean> {
  return isAloneIn(targetIn(await assertSameTarget(runtime, run), run), run);
}

/**
 * Checks that the target is still the table that the run began with. Called at the beginning of every turn.
 *
 * @returns the run's records of tables
 * @throws TableUnavailableError (not retried) if somebody has deleted or replaced it since
 */
export async function assertSameTarget(runtime: Runtime, run: Run): Promise<readonly TableRecord[]> {
  const tables = await listTables(runtime.ledger, run.runId);
  const target = targetIn(tables, run);
  if (target !== undefined) await assertSameTable(runtime, target);
  return tables;
}
