import { isRestore } from '../shared/ledger/run.ts';
import { isAsMigrated, isOfRun } from '../shared/migration/as-written.ts';
import { keyOfSpec } from '../shared/migration/table-spec.ts';
import type { Runtime } from '../shared/runtime.ts';
import { filledTablesOf, targetTablesOf } from '../shared/tables/run-tables.ts';
import { inspectRestored } from './inspect-restored.ts';
import { inspectTable } from './inspect-table.ts';
import type { Contents, Inspection } from './inspection.ts';

/**
 * A migration writes only to the tables that it fills, so every item in its other tables is foreign. In a filled table,
 * an item is foreign unless each of its attributes is as this run wrote it. A restored table holds items of the backup.
 *
 * @throws the SDK's errors; BackupDamagedError if a restore's backup can no longer be read. Neither is retried.
 */
export function lookInside(runtime: Runtime, inspection: Inspection): Promise<Contents> {
  const { run, tableName } = inspection;
  if (isRestore(run)) return inspectRestored(runtime, inspection);
  const spec = targetTablesOf(runtime, run).find(({ name }) => name === tableName)?.spec;
  const isFilled = filledTablesOf(runtime, run).some(({ name }) => name === tableName);
  return inspectTable(runtime, inspection, {
    isHarmless: (item) => isFilled && isOfRun(item, run.runId) && isAsMigrated(item),
    key: spec === undefined ? [] : keyOfSpec(spec),
  });
}
