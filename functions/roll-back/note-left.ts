import { counted } from '../shared/counted.ts';
import type { Run } from '../shared/ledger/run.ts';
import { warnRun } from '../shared/ledger/run-update.ts';
import { noteTable, recordTable, type TableRecord } from '../shared/ledger/table-record.ts';
import type { Runtime } from '../shared/runtime.ts';
import { blindnessIn } from '../shared/tables/close-table.ts';
import { FAILED_REASONS, isInPlace, LEFT_REASONS, leftText } from './left-items.ts';
import type { ItemsRolledBack } from './roll-back-items.ts';

/** A table of somebody else in which the run's items are rolled back, one by one. */
export interface ItemTarget {
  readonly record: TableRecord;
  /** TableId of another table that has replaced the one that the run has worked with. Absent: it is the same. */
  readonly replacedBy?: string | undefined;
}

/**
 * Records on the table what is left in it, so that every report names it. What is lost another roll back cannot see.
 *
 * @returns what makes the roll back incomplete
 */
export async function noteLeft(
  runtime: Runtime,
  run: Run,
  { target, taken }: { readonly target: ItemTarget; readonly taken: ItemsRolledBack },
): Promise<string | undefined> {
  const { runId } = run;
  const { left } = taken;
  const { name } = target.record;
  const existing = leftText(runId, left, LEFT_REASONS.filter(isInPlace));
  const gone = leftText(
    runId,
    left,
    LEFT_REASONS.filter((reason) => !isInPlace(reason)),
  );
  const lost = leftText(runId, left, ['lost']);
  if (lost !== undefined) await warnRun(runtime.ledger, run, [`Table ${name} lacks ${lost}.`]);
  const first = existing === undefined ? 'nothing of this run is left in it' : `still there: ${existing}`;
  const contents = [sentTo(run, target, taken), first, gone ?? []].flat();
  await noteContents(runtime, run, target, { contents: contents.join('; ') });
  const failed = leftText(runId, left, FAILED_REASONS);
  return failed && `${name} is not as it was before the run: ${failed}`;
}

/** Records a clause about the run's items in the table, and whether they stay because a later run relies on them. */
export async function noteContents(
  { ledger }: Runtime,
  { runId }: Run,
  { record: { name }, replacedBy: tableId }: ItemTarget,
  { contents, itemsKept = false }: { readonly contents: string; readonly itemsKept?: boolean },
): Promise<void> {
  if (tableId === undefined)
    await recordTable(ledger, runId, { name, outcome: 'EXISTED', itemsKept, remark: contents });
  else await noteTable(ledger, { runId, name }, { itemsKept, other: { tableId, contents } });
}

/** What a table that has replaced another had got of the run. */
function sentTo(
  run: Run,
  { record, replacedBy }: ItemTarget,
  { deleted, left }: ItemsRolledBack,
): readonly string[] {
  if (replacedBy === undefined || (deleted === 0 && Object.keys(left).length === 0)) return [];
  return [
    `${counted(deleted, 'item')} of this run ${deleted === 1 ? 'was' : 'were'} deleted from it`,
    ...blindnessIn(record, run),
  ];
}
