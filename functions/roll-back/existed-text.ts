import { count, counted, someOf } from '../shared/counted.ts';
import { isRestore, type Run } from '../shared/ledger/run.ts';
import type { Shard } from '../shared/ledger/shard.ts';
import { GONE_REASONS, type RolledBackItems } from '../shared/runs/count-shards.ts';
import type { Report, ReportedTable } from '../shared/runs/report.ts';

/** What a roll back has counted in one filled table. */
export interface TakenBack extends RolledBackItems {
  /** Items that the table had before the run, or that others have written, and that it lacks now. */
  readonly gone: number;
}

/** What the Cause says of a run's tables. */
interface Told {
  readonly report: Report;
  /** By name of each table that the run fills. */
  readonly filled: ReadonlyMap<string, TakenBack>;
}

/** By the checkpoints of the state RollBack. */
export const goneItems = (walks: readonly Shard[]): number =>
  walks.reduce(
    (sum, { counters }) => sum + GONE_REASONS.reduce((ofWalk, reason) => ofWalk + (counters[reason] ?? 0), 0),
    0,
  );

/**
 * What an existing table now holds of the run. Items that a restore has put back stay, because each of them was
 * missing.
 */
export function existedText(run: Run, { name, uncounted }: ReportedTable, { report, filled }: Told): string {
  if (isRestore(run)) return 'there before, with what the restore has put back so far';
  const back = filled.get(name);
  if (back === undefined) return UNTOUCHED;
  if (report.rolledBack === undefined) return heldText(name, { report, filled });
  if (uncounted === true) return 'there before, and items of this run may still be in it';
  const { kept, keptKeys, gone } = back;
  const lacks = gone === 0 ? '' : `, but it lacks ${counted(gone, 'item')} now`;
  if (kept > 0)
    return `there before${lacks}, and ${counted(kept, 'item')} with the mark of this run ${kept === 1 ? 'stays' : 'stay'} in it (${someOf(keptKeys, { total: kept })})`;
  if (gone > 0) return `there before${lacks}, with ${doneText(back)}`;
  return back.deleted + back.restored === 0 ? UNTOUCHED : `as it was before: ${doneText(back)}`;
}

const doneText = ({ deleted, restored }: TakenBack): string =>
  `${counted(deleted, 'item')} of this run deleted again, ${count(restored)} put back`;

/** Checkpoints may lag behind the writes, so there may be more items. */
function heldText(name: string, { report, filled }: Told): string {
  const { items, byTarget = {} } = report.migrated;
  const noted = ownItems(report, items);
  if (noted === 0) return 'there before, and the run has recorded no item of its own in it';
  // What stood there before is not counted by table.
  const ofTable = Object.values(byTarget[name] ?? {}).reduce((sum, number) => sum + number, 0);
  const least = filled.size === 1 ? noted : ownItems(report, ofTable);
  return least > 0
    ? `there before, with at least ${counted(least, 'item')} of this run`
    : 'there before, and items of this run may be in it';
}

const UNTOUCHED = 'untouched, because it existed before';
/** How many of these items at least are new or replaced, of a run that has not been rolled back. */
const ownItems = ({ migrated: { alreadyPresent, replaced = 0 } }: Report, items: number): number =>
  Math.max(0, items - alreadyPresent + replaced);
