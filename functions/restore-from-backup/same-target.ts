import type { Run } from '../shared/ledger/run.ts';
import { listTables } from '../shared/ledger/table-record.ts';
import type { Runtime } from '../shared/runtime.ts';
import { assertSameTable } from '../shared/tables/known-table.ts';
import { restoredTableIn } from '../shared/runs/restored-counts.ts';

/**
 * Checks that the target is still the table that the run began with. Called at the beginning of every turn
 * that reads it.
 *
 * @throws TableUnavailableError (not retried) if somebody has deleted or replaced it since
 */
export async function assertSameTarget(runtime: Runtime, run: Run): Promise<void> {
  const target = restoredTableIn(await listTables(runtime.ledger, run.runId), run);
  if (target !== undefined) await assertSameTable(runtime, target);
}
