import { TableUnavailableError } from '../shared/errors.ts';
import type { ReadPace } from '../shared/copy/read-pace.ts';
import type { ItemTable, ScanPage } from '../shared/aws/item-table.ts';
import { keyOf, type TableKey } from '../shared/items/item-key.ts';
import type { WireItem } from '../shared/items/wire-item.ts';

/** Which part of the source is read. */
export interface Segment {
  readonly tableName: string;
  readonly segment: number;
  readonly totalSegments: number;
  /** Of the source. */
  readonly key: TableKey;
}

/** Where a Scan goes on; without a key at the segment's start. */
export interface ScanPosition {
  readonly exclusiveStartKey?: WireItem;
}

/** Reads a segment page by page and hands its items out one by one. */
export interface SegmentReader {
  /** The item to be taken next; absent when another page is needed, or none is left. */
  readonly next: WireItem | undefined;
  /** True when the last page is used up. */
  readonly isAtEnd: boolean;
  /** Behind the last item taken. */
  readonly position: ScanPosition;
  /** Reads one page, inside the share; a page may be empty. */
  readPage(): Promise<void>;
  take(): void;
  /** Drops what was read ahead and goes on behind another item. */
  moveBehind(item: WireItem): void;
  /** Returns when no request is under way. Never throws. */
  settle(): Promise<void>;
}

export interface ReaderScope {
  readonly items: ItemTable;
  readonly pace: ReadPace;
  readonly retry: <T>(attempt: () => Promise<T>) => Promise<T>;
  /** Told what each page cost. */
  readonly onPage: (readUnits: number) => void;
}

function translateMissing(tableName: string, error: unknown): unknown {
  if ((error as { name?: string }).name !== 'ResourceNotFoundException') return error;
  return new TableUnavailableError(
    `Table ${tableName} has gone while it was being backed up. What was backed up is kept but not sealed. Check who deleted the table, then start again.`,
  );
}

/** A reader of one segment that starts behind `start`. */
export function segmentReader(scope: ReaderScope, segment: Segment, start: ScanPosition): SegmentReader {
  let page: readonly WireItem[] = [];
  let taken = 0;
  let beforePage = start;
  let afterPage: ScanPosition | undefined = start;
  /** The next page, asked for while this one is worked on. */
  let ahead: Promise<ScanPage> | undefined;
  /** Pages that were asked for and are not needed any more. */
  let dropped: Promise<unknown> | undefined;

  const scan = async (from: ScanPosition | undefined): Promise<ScanPage> => {
    const { key: _, ...what } = segment;
    try {
      const page = await scope.retry(() =>
        scope.items.scanPage({ ...what, ...from, limit: scope.pace.limit() }),
      );
      scope.onPage(page.readUnits);
      return page;
    } catch (error) {
      throw translateMissing(segment.tableName, error);
    }
  };
  /** Only without a cap: a page inside a share is paid for before it is asked for. */
  const readAhead = (): void => {
    if (afterPage === undefined || scope.pace.limit() !== undefined) return;
    ahead = scan(afterPage);
    // What it fails with is thrown to whoever needs the page.
    ahead.catch(() => undefined);
  };

  return {
    get next() {
      return page[taken];
    },
    get isAtEnd() {
      return taken === page.length && afterPage === undefined;
    },
    get position() {
      const last = page[taken - 1];
      if (last === undefined) return page.length === 0 ? (afterPage ?? beforePage) : beforePage;
      if (taken === page.length && afterPage !== undefined) return afterPage;
      return { exclusiveStartKey: keyOf(last, segment.key) };
    },
    async readPage() {
      await scope.pace.wait();
      const asked = ahead ?? scan(afterPage);
      ahead = undefined;
      const answer = await asked;
      scope.pace.charge({ readUnits: answer.readUnits, items: answer.items.length });
      beforePage = afterPage ?? beforePage;
      afterPage = answer.lastEvaluatedKey && { exclusiveStartKey: answer.lastEvaluatedKey };
      page = answer.items;
      taken = 0;
      readAhead();
    },
    take() {
      taken += 1;
    },
    moveBehind(item) {
      page = [];
      taken = 0;
      dropped = Promise.allSettled([dropped, ahead]);
      ahead = undefined;
      beforePage = { exclusiveStartKey: keyOf(item, segment.key) };
      afterPage = beforePage;
    },
    async settle() {
      await Promise.allSettled([dropped, ahead]);
    },
  };
}
