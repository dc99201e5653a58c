import type { LineCursor } from './read-lines.ts';

/** Lines that are taken, and count together: a batch, or the items of one source item. */
export interface PendingLines {
  /** Items that are not in place yet. */
  remaining: number;
  /** What they add to the counters, by name. */
  readonly tally: Record<string, number>;
  /** Where a turn goes on that has finished them. */
  next: LineCursor;
}

/**
 * Lines under way, in the order in which they were read. Items are written in any order and retried as they fail; a
 * checkpoint counts only lines before which nothing is missing.
 */
export interface LoadWindow {
  add(pending: PendingLines): void;
  /** Moves past everything that is done. @returns where that is, and what this window has added up to it */
  advance(): { readonly cursor: LineCursor; readonly totals: Readonly<Record<string, number>> };
  /** Entries that are not behind the cursor yet. */
  size(): number;
}

/** An empty window behind a checkpoint. */
export function createLoadWindow(start: LineCursor): LoadWindow {
  const totals: Record<string, number> = {};
  let entries: PendingLines[] = [];
  let cursor = start;
  return {
    add(pending) {
      entries.push(pending);
    },
    advance() {
      const firstOpen = entries.findIndex(({ remaining }) => remaining > 0);
      const done = entries.slice(0, firstOpen === -1 ? entries.length : firstOpen);
      for (const { tally } of done) addTo(totals, tally);
      cursor = done.at(-1)?.next ?? cursor;
      entries = entries.slice(done.length);
      return { cursor, totals: { ...totals } };
    },
    size: () => entries.length,
  };
}

/** Adds numbers by name. */
export function addTo(sums: Record<string, number>, added: Readonly<Record<string, number>>): void {
  for (const [name, number] of Object.entries(added)) sums[name] = (sums[name] ?? 0) + number;
}
