import { isTransient } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import type { Left } from './left-items.ts';
import { removePage, type Undeletable, undeletableItems } from './removal-pass.ts';
import { type RemovalMeter, type TakerScope, takerTools } from './remover-tools.ts';
import { putBackFile, type UndoFile, undoFiles } from './undo-pass.ts';

/** How far the roll back has come. Replaced items come first, file by file. Added items follow, page by page. */
export interface RemovalCursor {
  readonly undoFilesDone: number;
  readonly exclusiveStartKey?: WireItem | undefined;
}

/** What a few seconds of work have done. */
export interface RemovalStep {
  /** Absent if everything is rolled back. */
  readonly cursor?: RemovalCursor | undefined;
  /** Items that the run added and that are now gone. */
  readonly deleted: number;
  /** Items that the run replaced and that are now as before. */
  readonly restored: number;
  /** Items that are not as before, and why. */
  readonly left: Left;
  readonly charged: Readonly<RemovalMeter>;
}

/** Rolls back one run's items in a table. */
export interface ItemTaker {
  /** Works until this time (epoch milliseconds), but on one file or page at least. */
  takeSome(cursor: RemovalCursor | undefined, until: number): Promise<RemovalStep>;
}

const BEGINNING: RemovalCursor = { undoFilesDone: 0 };

/**
 * Decides by the items in the table, not by what the transform would make of the backup today, because the code may
 * have changed since the items were written. An item belongs to the run if it carries the run's mark. It is untouched
 * if its own digest says so. Items that somebody else changed stay, even if the change came between reading an item and
 * deleting it.
 */
export function createItemTaker(runtime: Runtime, scope: TakerScope): ItemTaker {
  const { clock } = runtime;
  const { run, deadline } = scope;
  const tools = takerTools(runtime, scope);
  let files: readonly UndoFile[] | undefined;
  let undeletable: Undeletable | undefined;

  const step = async (cursor: RemovalCursor): Promise<RemovalCursor | undefined> => {
    files ??= await undoFiles(runtime, run, tools.number);
    const file = files[cursor.undoFilesDone];
    if (file !== undefined) {
      await putBackFile(tools, file);
      return { undoFilesDone: cursor.undoFilesDone + 1 };
    }
    undeletable ??= await undeletableItems(tools);
    const next = await removePage(tools, undeletable, cursor.exclusiveStartKey);
    return next && { ...cursor, ...next };
  };

  return {
    async takeSome(start = BEGINNING, until) {
      let cursor: RemovalCursor | undefined = start;
      try {
        do cursor = await step(cursor);
        while (cursor !== undefined && clock.now() < Math.min(until, deadline));
      } catch (error) {
        // A fault that outlasts the deadline only ends the turn. The next turn finds the work that was done.
        if (!isTransient(error) || clock.now() < deadline) throw error;
      }
      return { cursor, ...tools.takeTally() };
    },
  };
}
