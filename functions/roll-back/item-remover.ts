import { isTransient } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import type { Left } from './left-items.ts';
import { removePage, type Undeletable, undeletableItems } from './removal-pass.ts';
import { type TakerScope, takerTools } from './remover-tools.ts';
import { putBackFile, type UndoFile, undoFiles } from './undo-pass.ts';

/** How far the roll back has come: first what was replaced, file by file, then what was added, page by page. */
export interface RemovalCursor {
  readonly undoFilesDone: number;
  readonly exclusiveStartKey?: WireItem | undefined;
}

/** What some seconds of work have come to. */
export interface RemovalStep {
  /** Absent: everything is rolled back. */
  readonly cursor?: RemovalCursor | undefined;
  /** Added by the run, and gone now. */
  readonly deleted: number;
  /** Replaced by the run, and as before now. */
  readonly restored: number;
  /** Items that are not as before, and why. */
  readonly left: Left;
}

/** Rolls back one run's items in a table. */
export interface ItemTaker {
  /** Works until this time (epoch milliseconds), and at least one file or page of it. */
  takeSome(cursor: RemovalCursor | undefined, until: number): Promise<RemovalStep>;
}

const BEGINNING: RemovalCursor = { undoFilesDone: 0 };

/**
 * Goes by what stands in the table, not by what today's transform would make of the backup: the code may have changed
 * since the items were written. An item is the run's if it carries its mark, and untouched if its own digest says so.
 * What somebody else has changed stays, also when it was changed between the look at it and its deletion.
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
        // A fault that outlasts the deadline only ends the turn; what it did is found done by the next one.
        if (!isTransient(error) || clock.now() < deadline) throw error;
      }
      return { cursor, ...tools.takeTally() };
    },
  };
}
