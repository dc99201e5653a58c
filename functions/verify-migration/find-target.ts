import { listTables, type TableRecord } from '../shared/ledger/table-record.ts';
import type { Run } from '../shared/ledger/run.ts';
import type { FilledTable } from '../shared/migration/migration.ts';
import type { Runtime } from '../shared/runtime.ts';
import { assertSameTable } from '../shared/tables/known-table.ts';
import { filledTablesOf } from '../shared/tables/run-tables.ts';

/** A table that the run has written. */
export interface VerifiedTarget {
  readonly spec: FilledTable;
  readonly tableName: string;
  /** Whether this run created it; then it holds what the run wrote and nothing else. */
  readonly isCreated: boolean;
}

/** {@link verifiedTargets} by the ledger as it is now. */
export async function findVerifiedTargets(runtime: Runtime, run: Run): Promise<readonly VerifiedTarget[]> {
  return verifiedTargets(runtime, run, await listTables(runtime.ledger, run.runId));
}

/**
 * What the run has to do with the tables that it fills, by its ledger.
 *
 * @throws TableUnavailableError (not retried) where somebody has deleted or replaced one since
 */
export async function verifiedTargets(
  runtime: Runtime,
  run: Run,
  tables: readonly TableRecord[],
): Promise<readonly VerifiedTarget[]> {
  const records = new Map(tables.map((record) => [record.name, record]));
  const targets: VerifiedTarget[] = [];
  for (const { spec, name } of filledTablesOf(runtime, run)) {
    const record = records.get(name);
    if (record !== undefined) await assertSameTable(runtime, record);
    targets.push({ spec, tableName: name, isCreated: record?.outcome === 'CREATED' });
  }
  return targets;
}
