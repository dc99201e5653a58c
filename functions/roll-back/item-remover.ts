import { isTransient } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import type { Left } from './left-items.ts';
import { lookAtUnsure, removePage, type Undeletable, undeletableItems } from './removal-pass.ts';
import { endsTurn } from './recovery-owner.ts';
import { type RemovalMeter, type TakerScope, takerTools } from './remover-tools.ts';
import { putBackFile, undoStems } from './undo-pass.ts';

/** How far the roll back has come. Replaced items come first, file by file. Added items follow, page by page. */
export interface RemovalCursor {
  readonly undoFilesDone: number;
  readonly exclusiveStartKey?: WireItem | undefined;
  /**
   * Keys of items on the next page that were changed and deleted, and of which nobody knows whether they come back. Only
   * a later call goes on from here: it begins when nothing of the earlier ones can take effect any more.
   */
  readonly unsure?: readonly WireItem[] | undefined;
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
  /** What ended the step. What was done before must be saved first: nobody can see it again. */
  readonly failure?: { readonly error: unknown };
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
  let stems: readonly string[] | undefined;
  let undeletable: Undeletable | undefined;

  const step = async ({ unsure, ...cursor }: RemovalCursor): Promise<RemovalCursor | undefined> => {
    if (unsure !== undefined) {
      await lookAtUnsure(tools, unsure);
      return cursor;
    }
    stems ??= await undoStems(runtime, run, tools.number);
    const stem = stems[cursor.undoFilesDone];
    if (stem !== undefined) {
      await putBackFile(tools, stem);
      return { undoFilesDone: cursor.undoFilesDone + 1 };
    }
    undeletable ??= await undeletableItems(tools);
    const next = await removePage(tools, undeletable, cursor.exclusiveStartKey);
    return next && { ...cursor, ...next };
  };

  return {
    async takeSome(start = BEGINNING, until) {
      let cursor: RemovalCursor | undefined = start;
      let failed: Pick<RemovalStep, 'failure'> = {};
      const mayGoOn = (): boolean =>
        tools.tally.unsure.length === 0 && clock.now() < Math.min(until, deadline);
      try {
        do cursor = await step(cursor);
        while (cursor !== undefined && mayGoOn());
      } catch (error) {
        if (endsTurn(error)) throw error;
        // A fault that outlasts the deadline only ends the turn. The next turn finds the work that was done.
        if (!isTransient(error) || clock.now() < deadline) failed = { failure: { error } };
      }
      const { unsure, ...taken } = tools.takeTally();
      return { cursor: cursor && withUnsure(cursor, unsure), ...taken, ...failed };
    },
  };
}

const withUnsure = (cursor: RemovalCursor, unsure: readonly WireItem[]): RemovalCursor =>
  unsure.length === 0 ? cursor : { ...cursor, unsure };
