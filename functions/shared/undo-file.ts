import { encodeLine } from './backup/data-file.ts';
import { runLayout } from './backup/layout.ts';
import type { ObjectStore, PutOptions } from './backup/object-store.ts';
import { keyIdentity } from './tables/item-key.ts';
import type { WireItem } from './wire/wire-item.ts';

/** Which file of the backup the replaced items' products come from. */
export interface UndoScope {
  readonly objects: Pick<ObjectStore, 'get' | 'putOnce'>;
  readonly runId: string;
  /** `<segment>-<sequence>` of the data file. */
  readonly stem: string;
}

/** Items as they were before this run replaced them, by `keyIdentity`. */
export type UndoItems = ReadonlyMap<string, WireItem>;

const jsonLines = { contentType: 'application/x-ndjson' } as const;

/** Items to keep, and where to look for a free name: numbers below have been found taken. */
export interface KeptItems {
  readonly items: readonly WireItem[];
  readonly firstNumber: number;
}

/**
 * Keeps items, as they stand, before they are replaced. What an earlier attempt kept is never
 * overwritten: it may be the only copy of an item that is replaced by now.
 *
 * @returns the next number that may be free
 */
export async function saveUndo(
  scope: UndoScope,
  { items, firstNumber }: KeptItems,
  options: PutOptions,
): Promise<number> {
  const body = items.map(encodeLine).join('');
  for (let number = firstNumber; ; number += 1) {
    const { outcome } = await scope.objects.putOnce(undoKey(scope, number), body, {
      ...jsonLines,
      ...options,
    });
    if (outcome !== 'other') return number + 1;
  }
}

/** What was kept for one file, object by object, each of some hundred items. */
export async function* undoObjects(scope: UndoScope): AsyncGenerator<readonly WireItem[], void> {
  for (let number = 0; ; number += 1) {
    const object = await scope.objects.get(undoKey(scope, number));
    if (object === undefined) return;
    yield parseLines(object.body.toString('utf8'));
  }
}

/** Everything that was kept for one file; where an item was kept twice, it was the same both times. */
export async function readUndo(scope: UndoScope): Promise<UndoItems> {
  const items = new Map<string, WireItem>();
  for await (const kept of undoObjects(scope)) for (const item of kept) items.set(keyIdentity(item), item);
  return items;
}

/** Under which stem items are kept that were removed, not replaced: they are put back where nothing is. */
export function removedStem(stem: string): string {
  return `${stem}-removed`;
}

function undoKey({ runId, stem }: UndoScope, number: number): string {
  return `${runLayout.undoPrefix(runId)}${stem}-${number}.jsonl`;
}

function parseLines(text: string): WireItem[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line): { readonly Item: WireItem } => JSON.parse(line)).map(({ Item }) => Item);
}
