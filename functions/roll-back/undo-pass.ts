import { fileStem } from '../shared/files/layout.ts';
import { filesOfRun } from '../shared/files/run-files.ts';
import { changeIfSame, lookUp, putIfAbsent } from '../shared/copy/load/conditional-put.ts';
import { sideBySide } from '../shared/copy/pipeline.ts';
import type { Run } from '../shared/ledger/run.ts';
import { keyMark, listUndoRecords, listUndoStems, saveUndoRecord } from '../shared/ledger/undo-record.ts';
import type { Runtime } from '../shared/runtime.ts';
import { keyIdentity } from '../shared/items/item-key.ts';
import { haveSameDigest } from '../shared/migration/as-written.ts';
import { isRemovedStem, readUndoObject, tableOfStem, tableStem } from '../shared/files/undo-file.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { type TakerTools, WRITES_IN_FLIGHT } from './remover-tools.ts';

/**
 * Stems of data files whose items may have replaced something in this filled table. Empty unless the run was started with
 * `replace`.
 */
export async function undoStems(runtime: Runtime, run: Run, number: number): Promise<readonly string[]> {
  if (run.parameters.onExisting !== 'replace') return [];
  const files = (await filesOfRun(runtime, run)).map(({ key }) => tableStem(fileStem(key), number));
  const noted = await listUndoStems(runtime.ledger, run.runId);
  return [...new Set([...files, ...noted.filter((stem) => tableOfStem(stem) === number)])];
}

/**
 * @returns whether the item is as before. If somebody changes the item in the meantime, the pass over the table
 *   decides.
 */
async function putBack(tools: TakerTools, existing: WireItem, old: WireItem): Promise<boolean> {
  const found = await changeIfSame(tools, { from: existing, to: old });
  if (typeof found === 'string') return found === 'written';
  // An answer was lost.
  if (haveSameDigest(found, old)) return true;
  return tools.isUntouched(found) ? putBack(tools, found, old) : false;
}

/** @returns marks of the items that could not be put back */
async function putBackObject(tools: TakerTools, kept: readonly WireItem[]): Promise<readonly string[]> {
  const { key } = tools;
  const old = new Map(kept.map((item) => [keyIdentity(item, key), item]));
  const unrestored = new Set(kept.map((item) => keyMark(item, key)));
  const existing = await lookUp(tools, kept);
  const untouched = [...existing].filter(([, item]) => tools.isUntouched(item));
  await sideBySide(WRITES_IN_FLIGHT, untouched, async ([identity, item]) => {
    const before = old.get(identity);
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
  await sideBySide(WRITES_IN_FLIGHT, removed, async (item) => {
    if ((await putIfAbsent(tools, item)) === 'written') tools.tally.restored += 1;
  });
  return [];
}

/** Puts back what the source items of one data file replaced, and records in the ledger what could not be put back. */
export async function putBackFile(tools: TakerTools, stem: string): Promise<void> {
  const { runtime, run } = tools;
  const { objects, ledger } = runtime;
  const isRemoved = isRemovedStem(stem);
  // A table that has replaced another never had what was removed from that one.
  if (isRemoved && tools.isReplaced === true) return;
  const putBackKept = isRemoved ? putBackRemoved : putBackObject;
  // A run of an earlier version has none.
  const noted = await listUndoRecords(ledger, { runId: run.runId, stem });
  const records = new Map(noted.map((record) => [record.number, record]));
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
    const leftAlone = new Set(record?.leftAlone);
    const isTaken = (mark: string): boolean => !leftAlone.has(mark);
    const taken = kept?.filter((item) => isTaken(keyMark(item, tools.key)));
    const unrestored = taken ? await putBackKept(tools, taken) : record?.keys.filter(isTaken);
    if (record === undefined || unrestored === undefined) continue;
    const isReadable = kept !== undefined;
    const isPutBack = isReadable && isRemoved;
    await saveUndoRecord(ledger, run.runId, { ...record, unrestored, isReadable, isPutBack });
  }
}
