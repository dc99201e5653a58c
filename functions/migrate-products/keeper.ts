import { sideBySide } from '../shared/copy/pipeline.ts';
import type { ObjectStore } from '../shared/aws/object-store.ts';
import { readUndo, saveUndo, undoGroups, type UndoItems } from '../shared/files/undo-file.ts';
import { keyIdentity, type TableKey } from '../shared/items/item-key.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import type { Fence } from '../shared/ledger/fence.ts';
import type { LedgerTable } from '../shared/ledger/ledger-table.ts';
import { keyMark, noteLeftAlone, saveUndoRecord, type UndoRecord } from '../shared/ledger/undo-record.ts';
import { type Runtime, watchDoubt } from '../shared/runtime.ts';

/** What keeping items needs to know. */
export interface KeeperScope extends Pick<Runtime, 'inDoubt'> {
  readonly runId: string;
  readonly key: TableKey;
  readonly ledger: LedgerTable;
  readonly objects: Pick<ObjectStore, 'get' | 'putOnce'>;
  readonly fence: Pick<Fence, 'check'>;
  /** Epoch milliseconds until which keeping an item may go on trying. */
  readonly saveDeadline: number;
}

/** One item that is replaced or removed after it has been kept. */
export interface KeptChange {
  readonly stem: string;
  readonly old: WireItem;
  /** `left alone`: this attempt has surely neither replaced nor removed the item. */
  readonly change: () => Promise<'changed' | 'left alone'>;
}

/** Keeps items in the undo files before a run replaces or removes them. */
export interface Keeper {
  /**
   * Keeps every item, in S3 and in the ledger, before the first one is changed. Notes which of them were left alone after
   * all, so that a roll back does not bring back what others delete later. After a request without an answer nothing is
   * noted, nor where a worker has died or another attempt has kept the same items: the roll back then rather puts back an
   * item too many than loses one.
   */
  change(together: readonly KeptChange[], slots: number): Promise<void>;
  /**
   * Whether an item of this run stands where it has replaced another: in a turn whose checkpoint was lost, or by an
   * update whose answer was.
   */
  hasKept(stem: string, item: WireItem): Promise<boolean>;
}

export function createKeeper(scope: KeeperScope): Keeper {
  const { objects, runId, key, saveDeadline, fence, ledger } = scope;
  const nextNumbers = new Map<string, number>();
  const earlier = new Map<string, Promise<UndoItems>>();
  const options = { deadline: saveDeadline, beforeAttempt: () => fence.check() };
  const keep = async (stem: string, items: readonly WireItem[]): Promise<UndoRecord> => {
    const firstNumber = nextNumbers.get(stem) ?? 0;
    const { isShared, ...kept } = await saveUndo({ objects, runId, stem }, { items, firstNumber }, options);
    nextNumbers.set(stem, kept.number + 1);
    earlier.delete(stem);
    const record = { ...kept, stem, keys: items.map((item) => keyMark(item, key)) };
    await saveUndoRecord(ledger, runId, isShared ? { ...record, isShared, leftAlone: [] } : record);
    return record;
  };
  return {
    async change(together, slots) {
      const records: UndoRecord[] = [];
      for (const [stem, ones] of Map.groupBy(together, (one) => one.stem))
        for (const items of undoGroups(ones.map(({ old }) => old))) records.push(await keep(stem, items));
      const leftAlone = new Set<string>();
      const doubt = watchDoubt(scope);
      try {
        await sideBySide(slots, together, async ({ old, change }) => {
          if ((await change()) === 'left alone') leftAlone.add(keyMark(old, key));
        });
      } finally {
        if (doubt() === undefined) await noteLeft(scope, records, leftAlone);
      }
    },
    async hasKept(stem, item) {
      const kept = earlier.get(stem) ?? readUndo({ objects, runId, stem }, key);
      earlier.set(stem, kept);
      return (await kept).has(keyIdentity(item, key));
    },
  };
}

async function noteLeft(
  { ledger, runId }: KeeperScope,
  records: readonly UndoRecord[],
  marks: ReadonlySet<string>,
): Promise<void> {
  for (const record of records) {
    const leftAlone = record.keys.filter((mark) => marks.has(mark));
    if (leftAlone.length > 0) await noteLeftAlone(ledger, runId, { ...record, leftAlone });
  }
}
