import { listTables } from '../shared/ledger/table-record.ts';
import { type Run, tablePrefixOf } from '../shared/ledger/run.ts';
import type { Runtime } from '../shared/runtime.ts';
import { assertSameTable } from '../shared/tables/known-table.ts';
import { tableName } from '../shared/migration/table-spec.ts';
import { catalogueTable } from '../migrations/shop/tables/target-tables.ts';

/** The table that the run has written. */
export interface VerifiedTarget {
  readonly tableName: string;
  /** Whether this run created it; then it holds what the run wrote and nothing else. */
  readonly isCreated: boolean;
}

/**
 * What the run has to do with `products-enhanced`, by its ledger.
 *
 * @throws TableUnavailableError (not retried) where somebody has deleted or replaced it since
 */
export async function findVerifiedTarget(runtime: Runtime, run: Run): Promise<VerifiedTarget> {
  const name = tableName(catalogueTable, tablePrefixOf(runtime, run));
  const record = (await listTables(runtime.ledger, run.runId)).find((table) => table.name === name);
  if (record !== undefined) await assertSameTable(runtime, record);
  return { tableName: name, isCreated: record?.outcome === 'CREATED' };
}
