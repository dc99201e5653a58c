import type { Config } from '../env.ts';
import { ConfigurationError } from '../errors.ts';
import type { Run } from '../ledger/run.ts';
import { tablePrefixOf } from '../ledger/run-settings.ts';
import type { FilledTable } from '../migration/migration.ts';
import { type TableSpec, tableName } from '../migration/table-spec.ts';
import type { Runtime } from '../runtime.ts';

/** A table of the migration under the name that it has in a run. */
export interface RunTable<Spec extends TableSpec = TableSpec> {
  readonly spec: Spec;
  readonly name: string;
}

/** Which tables the migration has, and what the deployment puts before their names. */
export type RunTablesOf = Pick<Runtime, 'migration'> & { readonly config: Pick<Config, 'tablePrefix'> };

/** Every table of the new data model, in the definition's order. */
export function targetTablesOf(runtime: RunTablesOf, run: Pick<Run, 'settings'>): readonly RunTable[] {
  const prefix = tablePrefixOf(runtime, run);
  return runtime.migration.targets.map((spec) => ({ spec, name: tableName(spec, prefix) }));
}

/** The tables that the run fills, in the order that it began with: later code may have another one. */
export function filledTablesOf(
  runtime: RunTablesOf,
  run: Pick<Run, 'settings'>,
): readonly RunTable<FilledTable>[] {
  const prefix = tablePrefixOf(runtime, run);
  const tables = runtime.migration.filled.map((spec) => ({ spec, name: tableName(spec, prefix) }));
  return tables.toSorted((one, other) => rankOf(one, run) - rankOf(other, run));
}

/** Tables that the run does not know come last. */
function rankOf({ spec }: RunTable, { settings: { filled = [] } }: Pick<Run, 'settings'>): number {
  const rank = filled.indexOf(spec.name);
  return rank === -1 ? filled.length : rank;
}

/**
 * The filled table of this name, and which of them it is, from 0.
 *
 * @throws ConfigurationError (not retried) where the code does not fill such a table any more
 */
export function filledTable(
  runtime: RunTablesOf,
  run: Pick<Run, 'runId' | 'settings'>,
  name: string,
): RunTable<FilledTable> & { readonly number: number } {
  const tables = filledTablesOf(runtime, run);
  const position = tables.findIndex((one) => one.name === name);
  const table = tables[position];
  if (table === undefined)
    throw new ConfigurationError(
      `The migration that is deployed now fills no table ${name}. Deploy the one that run ${run.runId} began with, then do this again.`,
    );
  const known = run.settings.filled?.indexOf(table.spec.name) ?? -1;
  return { ...table, number: known === -1 ? position : known };
}
