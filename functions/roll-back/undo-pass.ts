import { fileStem } from '../shared/files/layout.ts';
import { filesOfRun } from '../shared/files/run-files.ts';
import type { Run } from '../shared/ledger/run.ts';
import { keyMark, listUndoRecords, saveUndoRecord, type UndoRecord } from '../shared/ledger/undo-record.ts';
import type { Runtime } from '../shared/runtime.ts';
import { keyIdentity, keyOf } from '../shared/items/item-key.ts';
import { haveSameDigest } from '../shared/migration/as-written.ts';
import { isRemovedStem, readUndoObject, tableOfStem, tableStem } from '../shared/files/undo-file.ts';
import { absentCondition, changeOf } from '../shared/aws/unchanged.ts';
import { updateIf } from '../shared/aws/update-if.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { sideBySide, type TakerTools } from './remover-tools.ts';

/** What the source items of one data file may have replaced. */
export interface UndoFile {
  readonly stem: string;
  /** By number. A run of an earlier version has none. */
  readonly records: ReadonlyMap<number, UndoRecord>;
}

/**
 * Data files whose items may have replaced something in this filled table. Empty unless the run was started with
 * `replace`.
 */
export async function undoFiles(runtime: Runtime, run: Run, number: number): Promise<readonly UndoFile[]> {
  if (run.parameters.onExisting !== 'replace') return [];
  const records = Map.groupBy(await listUndoRecords(runtime.ledger, run.runId), ({ stem }) => stem);
  const files = (await filesOfRun(runtime, run)).map(({ key }) => tableStem(fileStem(key), number));
  const own = [...records.keys()].filter((stem) => tableOfStem(stem) === number);
  const stems = [...new Set([...files, ...own])];
  return stems.map((stem) => ({
    stem,
    records: new Map((records.get(stem) ?? []).map((record) => [record.number, record])),
  }));
}

/**
 * @returns whether the item is as before. If somebody changes the item in the meantime, the pass over the table
 *   decides.
 */
async function putBack(tools: TakerTools, existing: WireItem, old: WireItem): Promise<boolean> {
  const { runtime, tableName, key, guarded, isUntouched } = tools;
  const names = key.map(({ name }) => name);
  const change = changeOf({ from: existing, to: old }, names);
  if (change === undefined) return false;
  const update = updateIf(runtime.clients.dynamo);
  const outcome = await guarded(() => update({ tableName, key: keyOf(existing, key), change }));
  if (outcome.written) return true;
  const [found] = outcome.existing === undefined ? await tools.read([existing]) : [outcome.existing];
  if (found === undefined) return false;
  // An answer was lost.
  if (haveSameDigest(found, old)) return true;
  return isUntouched(found) ? putBack(tools, found, old) : false;
}

/** @returns marks of the items that could not be put back */
async function putBackObject(tools: TakerTools, kept: readonly WireItem[]): Promise<readonly string[]> {
  const { key } = tools;
  const old = new Map(kept.map((item) => [keyIdentity(item, key), item]));
  const unrestored = new Set(kept.map((item) => keyMark(item, key)));
  const existing = await tools.read(kept);
  await sideBySide(existing.filter(tools.isUntouched), async (item) => {
    const before = old.get(keyIdentity(item, key));
    if (before === undefined || !(await putBack(tools, item, before))) return;
    tools.tally.restored += 1;
    unrestored.delete(keyMark(item, key));
  });
  return [...unrestored];
}

/**
 * Puts back the items that the run removed, unless others have written items under their keys in the meantime.
 *
 * @returns marks of the items that could not be put back: none
 */
async function putBackRemoved(tools: TakerTools, removed: readonly WireItem[]): Promise<readonly string[]> {
  const { runtime, tableName, key, guarded, tally } = tools;
  await sideBySide(removed, async (item) => {
    const outcome = await guarded(() =>
      runtime.items.putIf(tableName, item, absentCondition(key[0]?.name ?? '')),
    );
    if (outcome.written) tally.restored += 1;
  });
  return [];
}

/** Puts back what the source items of one data file replaced, and records in the ledger what could not be put back. */
export async function putBackFile(tools: TakerTools, { stem, records }: UndoFile): Promise<void> {
  const { runtime, run } = tools;
  const { objects, ledger } = runtime;
  const putBackKept = isRemovedStem(stem) ? putBackRemoved : putBackObject;
  const highest = Math.max(-1, ...records.keys());
  for (let number = 0; ; number += 1) {
    const record = records.get(number);
    // Items that others deleted after the first roll back stay deleted.
    if (record?.isPutBack === true) continue;
    const kept = await readUndoObject(
      { objects, runId: run.runId, stem },
      { number, sha256: record?.sha256 },
    );
    if (kept === undefined && number > highest) return;
    const unrestored = kept === undefined ? record?.keys : await putBackKept(tools, kept);
    if (record === undefined || unrestored === undefined) continue;
    const isReadable = kept !== undefined;
    const isPutBack = isReadable && isRemovedStem(stem);
    await saveUndoRecord(ledger, run.runId, { ...record, unrestored, isReadable, isPutBack });
  }
}
