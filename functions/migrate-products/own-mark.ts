import { RunIdUsedError } from '../shared/errors.ts';
import { keyText } from '../shared/items/item-key.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import type { Run } from '../shared/ledger/run.ts';
import { noteTable, type TableRecord } from '../shared/ledger/table-record.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { FilledTable } from '../shared/migration/migration.ts';
import type { KnownTable } from '../shared/tables/known-table.ts';

/** A table that existed before the run. */
interface OlderTable {
  readonly table: Pick<KnownTable, 'name'>;
  readonly spec: Pick<FilledTable, 'tableKey'>;
}

/** Told of an item that carries the run's mark, and that the run cannot have written. Always throws. */
export type RefuseOwnMark = (existing: WireItem) => Promise<never>;

/**
 * A mark is the id of a run, which is unique in one ledger only. A run of another stage, or of a ledger that was deleted
 * since, may have had the same name. Nothing tells its items from those of this run, so the table's record says that a
 * roll back may delete none of them.
 *
 * @throws RunIdUsedError; not retried
 */
export function ownMarkRefusal(
  { ledger }: Runtime,
  { runId }: Run,
  { table, spec }: OlderTable,
): RefuseOwnMark {
  return async (existing) => {
    await noteTable(ledger, { runId, name: table.name }, { hasForeignMarks: true });
    throw sameNameError(runId, table.name, `, such as ${keyText(existing, spec.tableKey)}`);
  };
}

/** Whoever goes on with the run would take them for its own. @throws RunIdUsedError; not retried */
export function refuseForeignMarks({ runId }: Run, { name, hasForeignMarks }: TableRecord): void {
  if (hasForeignMarks === true) throw sameNameError(runId, name);
}

function sameNameError(runId: string, table: string, example = ''): RunIdUsedError {
  return new RunIdUsedError(
    `Table ${table} holds items with the mark of this run (migrationRun = ${runId}) that it has not written${example}: a run of another stage, or of an earlier ledger, has had the same name. Start the execution under another name.`,
  );
}
