import { fileStem } from '../shared/files/layout.ts';
import { filesOfRun } from '../shared/files/run-files.ts';
import { isRemovedStem, readUndoObject, tableOfStem, tableStem } from '../shared/files/undo-file.ts';
import { keyText } from '../shared/items/item-key.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import type { Run } from '../shared/ledger/run.ts';
import {
  keyMark,
  listUndoRecords,
  listUndoStems,
  saveUndoRecord,
  type UndoRecord,
} from '../shared/ledger/undo-record.ts';
import type { Runtime } from '../shared/runtime.ts';
import { putBackRemoved, putBackReplaced } from './put-back-kept.ts';
import type { TakerTools } from './remover-tools.ts';

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

/** Puts back what the source items of one data file replaced, and records in the ledger what could not be put back. */
export async function putBackFile(tools: TakerTools, stem: string): Promise<void> {
  const { runtime, run, key } = tools;
  // A table that has replaced another never had what was removed from that one.
  if (isRemovedStem(stem) && tools.isReplaced === true) return;
  // A run of an earlier version has none.
  const noted = await listUndoRecords(runtime.ledger, { runId: run.runId, stem });
  const records = new Map(noted.map((record) => [record.number, record]));
  const highest = Math.max(-1, ...records.keys());
  const missing: WireItem[] = [];
  for (let number = 0; ; number += 1) {
    const lacking = await putBackObject(tools, { stem, number, record: records.get(number) });
    if (lacking === undefined && number > highest) break;
    missing.push(...(lacking ?? []));
  }
  // An interrupted file is done again, so they are counted once it is complete.
  for (const item of missing) tools.tally.leave('refused', keyText(item, key));
}

/** One object of a file's undo, and what the ledger says of it. */
interface UndoObject {
  readonly stem: string;
  readonly number: number;
  readonly record: UndoRecord | undefined;
}

/** @returns items that the run removed and that DynamoDB does not take back; `undefined` where there is no such object */
async function putBackObject(
  tools: TakerTools,
  { stem, number, record }: UndoObject,
): Promise<readonly WireItem[] | undefined> {
  const { runtime, run, key } = tools;
  const { objects, ledger } = runtime;
  const isTaken = takenMarks(record);
  if (isTaken === undefined) return [];
  const isRemoved = isRemovedStem(stem);
  const object = await readUndoObject(
    { objects, runId: run.runId, stem },
    { number, sha256: record?.sha256 },
  );
  const taken = object?.filter((item) => isTaken(keyMark(item, key)));
  const kept = taken && (await tools.asBefore(taken));
  const putBackKept = isRemoved ? putBackRemoved : putBackReplaced;
  const isRecorded = record !== undefined;
  const unrestored = kept ? await putBackKept(tools, { kept, isRecorded }) : record?.keys.filter(isTaken);
  if (record !== undefined && unrestored !== undefined) {
    const isReadable = kept !== undefined;
    const isPutBack = isReadable && isRemoved;
    await saveUndoRecord(ledger, run.runId, { ...record, unrestored, isReadable, isPutBack });
  }
  return isRemoved ? kept?.filter((item) => unrestored?.includes(keyMark(item, key))) : kept && [];
}

/**
 * Which items of an object are put back, by their marks. Removed items that were put back once and that others have
 * deleted since stay deleted. Only those that could not be put back are tried again.
 *
 * @returns `undefined`: none
 */
function takenMarks(record: UndoRecord | undefined): ((mark: string) => boolean) | undefined {
  const { isPutBack = false, unrestored = [], leftAlone = [] } = record ?? {};
  if (isPutBack && unrestored.length === 0) return undefined;
  const marks = new Set(isPutBack ? unrestored : leftAlone);
  return (mark) => marks.has(mark) === isPutBack;
}
