import { encodeLine } from './data-file.ts';
import { RUN_LAYOUT } from './layout.ts';
import type { ObjectStore, PutOptions } from '../aws/object-store.ts';
import { keyIdentity, type TableKey } from '../items/item-key.ts';
import type { WireItem } from '../items/wire-item.ts';

/** Which file of the backup the replaced items' products come from. */
export interface UndoScope {
  readonly objects: Pick<ObjectStore, 'get' | 'putOnce'>;
  readonly runId: string;
  /** `<segment>-<sequence>` of the data file. */
  readonly stem: string;
}

/** Items as they were before this run replaced them, by `keyIdentity`. */
export type UndoItems = ReadonlyMap<string, WireItem>;

const JSON_LINES = { contentType: 'application/x-ndjson' } as const;

/** Items to keep, and where to look for a free name: numbers below have been found taken. */
export interface KeptItems {
  readonly items: readonly WireItem[];
  readonly firstNumber: number;
}

/** What one PUT carries and one reader holds. */
const MAX_OBJECT_BYTES = 8 * 1024 * 1024;

/** Cuts items into groups that one object each can keep. An item may have 400 KB, and its line several times as much. */
export function undoGroups(items: readonly WireItem[]): readonly (readonly WireItem[])[] {
  const groups: WireItem[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const added = Buffer.byteLength(encodeLine(item));
    if (bytes + added > MAX_OBJECT_BYTES) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)?.push(item);
    bytes += added;
  }
  return groups;
}

/** Where a set of items was kept. */
export interface KeptObject {
  readonly number: number;
  /** Base64, of the object. */
  readonly sha256: string;
  /** Whether an earlier attempt has kept the same items in it, or this one has and the answer was lost. */
  readonly isShared: boolean;
}

/**
 * Keeps items, as they stand, before they are replaced. What an earlier attempt kept is never
 * overwritten: it may be the only copy of an item that is replaced by now.
 */
export async function saveUndo(
  scope: UndoScope,
  { items, firstNumber }: KeptItems,
  options: PutOptions,
): Promise<KeptObject> {
  const body = items.map(encodeLine).join('');
  for (let number = firstNumber; ; number += 1) {
    const { outcome, sha256 } = await scope.objects.putOnce(undoObjectKey(scope, number), body, {
      ...JSON_LINES,
      ...options,
    });
    if (outcome !== 'other') return { number, sha256, isShared: outcome === 'same' };
  }
}

/** The items that one object keeps; `undefined` where it is missing, or is not what was written (`sha256`, where known). */
export async function readUndoObject(
  scope: UndoScope,
  { number, sha256 }: { readonly number: number; readonly sha256?: string | undefined },
): Promise<readonly WireItem[] | undefined> {
  const object = await scope.objects.get(undoObjectKey(scope, number));
  if (object === undefined || (sha256 !== undefined && sha256 !== object.sha256)) return undefined;
  return parseLines(object.body.toString('utf8'));
}

/** What was kept for one file, object by object, each of some hundred items. */
async function* undoObjects(scope: UndoScope): AsyncGenerator<readonly WireItem[], void> {
  for (let number = 0; ; number += 1) {
    const items = await readUndoObject(scope, { number });
    if (items === undefined) return;
    yield items;
  }
}

/** Everything that was kept for one file; where an item was kept twice, it was the same both times. */
export async function readUndo(scope: UndoScope, key: TableKey): Promise<UndoItems> {
  const items = new Map<string, WireItem>();
  for await (const kept of undoObjects(scope))
    for (const item of kept) items.set(keyIdentity(item, key), item);
  return items;
}

/** The stem of a data file's items in one filled table; `number` is the table's among them, from 0. */
export function tableStem(stem: string, number: number): string {
  return number === 0 ? stem : `${stem}@${number}`;
}

/** The number of the filled table that a stem belongs to. */
export function tableOfStem(stem: string): number {
  return Number(/@(?<number>\d+)/.exec(stem)?.groups?.['number'] ?? 0);
}

/** Under which stem items are kept that were removed, not replaced: they are put back where nothing is. */
export function removedStem(stem: string): string {
  return `${stem}${REMOVED}`;
}

/** Whether items of this stem were removed, not replaced. */
export function isRemovedStem(stem: string): boolean {
  return stem.endsWith(REMOVED);
}

const REMOVED = '-removed';

function undoObjectKey({ runId, stem }: UndoScope, number: number): string {
  return `${RUN_LAYOUT.undoPrefix(runId)}${stem}-${number}.jsonl`;
}

function parseLines(text: string): WireItem[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line): { readonly Item: WireItem } => JSON.parse(line)).map(({ Item }) => Item);
}
