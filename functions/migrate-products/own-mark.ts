import { RunIdUsedError } from '../shared/errors.ts';
import { keyText } from '../shared/items/item-key.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import type { Run } from '../shared/ledger/run.ts';
import { noteTable } from '../shared/ledger/table-record.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { Target } from './open-target.ts';

/** Told of an item that carries the run's mark, and that the run cannot have written. Always throws. */
export type RefuseOwnMark = (existing: WireItem) => Promise<never>;

/**
 * A mark is the id of a run, which is unique in one ledger only. A run of another stage, or of a ledger that was deleted
 * since, may have had the same name. Nothing tells its items from those of this run, so the table's record says that a
 * roll back may delete none of them.
 *
 * @throws RunIdUsedError; not retried
 */
export function ownMarkRefusal({ ledger }: Runtime, { runId }: Run, { table, spec }: Target): RefuseOwnMark {
  return async (existing) => {
    await noteTable(ledger, { runId, name: table.name }, { hasForeignMarks: true });
    throw new RunIdUsedError(
      `Table ${table.name} holds items with the mark of this run (migrationRun = ${runId}) that it has not written, such as ${keyText(existing, spec.tableKey)}: a run of another stage, or of an earlier ledger, has had the same name. Start the execution under another name.`,
    );
  };
}
