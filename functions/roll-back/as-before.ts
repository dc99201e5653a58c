import { readUndoObject, tableOfStem } from '../shared/files/undo-file.ts';
import { keyIdentity, type TableKey } from '../shared/items/item-key.ts';
import { stringAttribute, type WireItem } from '../shared/items/wire-item.ts';
import { runKey, tableKey } from '../shared/ledger/ledger-table.ts';
import { isReadable, type Run } from '../shared/ledger/run.ts';
import { warnRun } from '../shared/ledger/run-update.ts';
import { readTogether } from '../shared/ledger/store.ts';
import type { TableRecord } from '../shared/ledger/table-record.ts';
import { keyMark, type UnrestoredRecord, unrestoredRecords } from '../shared/ledger/undo-record.ts';
import type { Runtime } from '../shared/runtime.ts';
import { runIdSchema } from '../shared/state.ts';
import { filledTable } from '../shared/tables/run-tables.ts';

/**
 * Tells what to put back of the items that a run replaced or removed. Items of a run that was rolled back since do not
 * come back, because nobody could remove them any more. What that run had replaced itself comes back instead.
 *
 * @returns at most one item for each of these, under the same key
 */
export type AsBefore = (kept: readonly WireItem[]) => Promise<readonly WireItem[]>;

/** The roll back that puts items back, and where. */
export interface AsBeforeScope {
  readonly run: Run;
  readonly tableName: string;
  /** Of the table that has this name now. */
  readonly tableId?: string | undefined;
  readonly key: TableKey;
}

/** Asks the ledger once for each run. @throws the SDK's errors */
export function createAsBefore(runtime: Runtime, scope: AsBeforeScope): AsBefore {
  const known = new Map<string, Promise<RolledBackRun | undefined>>();
  const find = (runId: string): Promise<RolledBackRun | undefined> => {
    const found = known.get(runId) ?? findRolledBack(runtime, scope, runId);
    known.set(runId, found);
    return found;
  };
  /** @param by the runs that have replaced or removed these items, the earliest last */
  const asBefore = async (kept: readonly WireItem[], by: readonly Replacer[]): Promise<WireItem[]> => {
    const wanted: WireItem[] = [];
    for (const [runId, items] of Map.groupBy(kept, writerOf)) {
      if (by.some((replacer) => replacer.runId === runId)) continue;
      const rolledBack = await find(runId);
      if (rolledBack === undefined || !isRolledBackSince(rolledBack, by.at(-1))) wanted.push(...items);
      else {
        const { older, unknown } = await itemsBefore(runtime, scope, { rolledBack, items });
        if (unknown.length < items.length) await rolledBack.warn();
        wanted.push(...unknown, ...(await asBefore(older, [...by, rolledBack])));
      }
    }
    return wanted;
  };
  return (kept) => asBefore(kept, [scope.run]);
}

type Replacer = Pick<Run, 'runId' | 'startedAt'>;

/** What stood in the table when the replacing run began, whatever had become of its run by then, was there before. */
function isRolledBackSince({ finishedAt }: RolledBackRun, replacer: Replacer | undefined): boolean {
  return replacer !== undefined && Date.parse(finishedAt) >= Date.parse(replacer.startedAt);
}

const writerOf = (item: WireItem): string => stringAttribute(item, 'migrationRun') ?? '';

/** A run that was rolled back, and whose items are gone from the table. */
interface RolledBackRun extends Replacer {
  readonly finishedAt: string;
  /** By mark: in which object it kept an item that its roll back could not put back, because a later one had its place. */
  readonly unrestored: ReadonlyMap<string, UnrestoredRecord>;
  /** Says once that its items do not come back. */
  readonly warn: () => Promise<void>;
}

async function findRolledBack(
  runtime: Runtime,
  { run, tableName, tableId }: AsBeforeScope,
  runId: string,
): Promise<RolledBackRun | undefined> {
  const { ledger } = runtime;
  // Anyone can write a mark into an item.
  if (!runIdSchema.safeParse(runId).success) return undefined;
  const [found, table] = await readTogether(ledger, [runKey(runId), tableKey(runId, tableName)]);
  const earlier = found as Run | undefined;
  if (earlier === undefined || !isReadable(earlier) || earlier.status !== 'ROLLED_BACK') return undefined;
  if (!isCleared(table as TableRecord | undefined, tableId)) return undefined;
  const { startedAt, finishedAt = '', parameters } = earlier;
  const unrestored = new Map<string, UnrestoredRecord>();
  if (parameters.onExisting === 'replace') {
    const { number } = filledTable(runtime, earlier, tableName);
    for await (const record of unrestoredRecords(ledger, runId))
      if (tableOfStem(record.stem) === number)
        for (const mark of record.unrestored) unrestored.set(mark, record);
  }
  let warned: Promise<void> | undefined;
  const sentence = `Items of run ${runId} were not put back into table ${tableName}, because that run has been rolled back since.`;
  return {
    runId,
    startedAt,
    finishedAt,
    unrestored,
    warn: () => (warned ??= warnRun(ledger, run, [sentence])),
  };
}

/** Whether a roll back has removed its run's items from this very table. An unknown id counts as the same. */
function isCleared(record: TableRecord | undefined, tableId: string | undefined): boolean {
  if (record === undefined || record.itemsKept === true) return false;
  const cleared = [
    ...(record.outcome === 'EXISTED' ? [record.tableId] : []),
    ...(record.other === undefined ? [] : [record.other.tableId]),
  ];
  return cleared.some((id) => id === undefined || tableId === undefined || id === tableId);
}

/**
 * What a run that was rolled back had replaced by these items of its own: nothing where it had added them. `unknown`: its
 * copy is missing or damaged, so they are the oldest that there are.
 */
async function itemsBefore(
  { objects }: Runtime,
  { key }: AsBeforeScope,
  { rolledBack, items }: { readonly rolledBack: RolledBackRun; readonly items: readonly WireItem[] },
): Promise<{ readonly older: readonly WireItem[]; readonly unknown: readonly WireItem[] }> {
  const { runId, unrestored } = rolledBack;
  const older: WireItem[] = [];
  const unknown: WireItem[] = [];
  for (const [record, ones] of Map.groupBy(items, (item) => unrestored.get(keyMark(item, key)))) {
    if (record === undefined) continue;
    const { stem } = record;
    const object = await readUndoObject({ objects, runId, stem }, record);
    const keys = new Set(ones.map((item) => keyIdentity(item, key)));
    if (object === undefined) unknown.push(...ones);
    else older.push(...object.filter((item) => keys.has(keyIdentity(item, key))));
  }
  return { older, unknown };
}
