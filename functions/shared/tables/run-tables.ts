import { type Run, tablePrefixOf } from '../ledger/run.ts';
import type { FilledTable } from '../migration/migration.ts';
import { type TableSpec, tableName } from '../migration/table-spec.ts';
import type { Runtime } from '../runtime.ts';

/** A table of the migration under the name that it has in a run. */
export interface RunTable<Spec extends TableSpec = TableSpec> {
  readonly spec: Spec;
  readonly name: string;
}

type RunTablesOf = Pick<Runtime, 'migration' | 'config'>;

/** Every table of the new data model, in the definition's order. */
export function targetTablesOf(runtime: RunTablesOf, run: Pick<Run, 'settings'>): readonly RunTable[] {
  const prefix = tablePrefixOf(runtime, run);
  return runtime.migration.targets.map((spec) => ({ spec, name: tableName(spec, prefix) }));
}

/** The tables that the run fills, in the definition's order. */
export function filledTablesOf(
  runtime: RunTablesOf,
  run: Pick<Run, 'settings'>,
): readonly RunTable<FilledTable>[] {
  const prefix = tablePrefixOf(runtime, run);
  return runtime.migration.filled.map((spec) => ({ spec, name: tableName(spec, prefix) }));
}

/**
 * The filled table of this name, and which of them it is, from 0.
 *
 * @throws RangeError where the run fills no such table
 */
export function filledTable(
  runtime: RunTablesOf,
  run: Pick<Run, 'runId' | 'settings'>,
  name: string,
): RunTable<FilledTable> & { readonly number: number } {
  const tables = filledTablesOf(runtime, run);
  const number = tables.findIndex((one) => one.name === name);
  const table = tables[number];
  if (table === undefined) throw new RangeError(`Run ${run.runId} fills no table ${name}.`);
  return { ...table, number };
}
