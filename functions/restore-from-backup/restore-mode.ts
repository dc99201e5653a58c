import type { Run } from '../shared/ledger/run.ts';
import { listTables, type TableRecord } from '../shared/ledger/table-record.ts';
import type { Runtime } from '../shared/runtime.ts';
import { assertSameTable } from '../shared/tables/known-table.ts';
import { orderOf } from '../shared/runs/restore-order.ts';

/** `NEW`: the run created its target. `EXISTING`: the target existed before and gets only the items it lacks. */
export type RestoreMode = 'NEW' | 'EXISTING';

/** The mode, according to the run's record of its target. */
export function modeIn(tables: readonly TableRecord[], run: Run): RestoreMode {
  return targetIn(tables, run)?.outcome === 'CREATED' ? 'NEW' : 'EXISTING';
}

/** The run's record of its target. `undefined` before CreateRestoredTable has recorded it. */
export function targetIn(tables: readonly TableRecord[], run: Run): TableRecord | undefined {
  const { targetTable } = orderOf(run);
  return tables.find(({ name }) => name === targetTable);
}

/**
 * Checks that the target is still the table that the run began with. Called at the beginning of every turn
 * that reads it.
 *
 * @throws TableUnavailableError (not retried) if somebody has deleted or replaced it since
 */
export async function assertSameTarget(runtime: Runtime, run: Run): Promise<void> {
  const target = targetIn(await listTables(runtime.ledger, run.runId), run);
  if (target !== undefined) await assertSameTable(runtime, target);
}
