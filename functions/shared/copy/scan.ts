import type { ItemTable, ScanPage } from '../aws/item-table.ts';
import { isNamed } from '../errors.ts';
import type { WireItem } from '../items/wire-item.ts';
import { isThrottle, retry } from '../retry.ts';
import type { Runtime } from '../runtime.ts';
import { missingTableError } from '../tables/target-conflicts.ts';
import { type ReadPace, readPaceOf } from './read-pace.ts';
import type { ShardTurn } from './shard-turn.ts';

/** One segment of one table, read page by page. */
export interface SegmentScan {
  /** Behind the last page that was taken. */
  readonly position: ScanPosition;
  /**
   * Reads the next page, inside the share. The position moves once `take` has returned: a page that it fails at counts
   * as not read, and is read again.
   *
   * @throws TableUnavailableError (not retried) where the table is gone; the last error once time is up
   */
  readPage(take?: TakePage): Promise<ScanPage>;
  /** Goes on elsewhere, and drops what was read ahead. */
  moveTo(position: ScanPosition): void;
  /** Returns when no request is under way. Never throws. */
  settle(): Promise<void>;
}

/** What a page is handed to. */
export type TakePage = (items: readonly WireItem[]) => void | Promise<void>;

/** How far a Scan has come: key values, and so in the ledger only. */
export interface ScanPosition {
  readonly isDone: boolean;
  readonly exclusiveStartKey?: WireItem | undefined;
}

export const NOT_BEGUN: ScanPosition = { isDone: false };
export const AT_END: ScanPosition = { isDone: true };

/** What is scanned. */
export interface Segment {
  readonly tableName: string;
  readonly segment: number;
  readonly totalSegments: number;
}

/** All of a table as one segment. */
export function wholeTable(tableName: string): Segment {
  return { tableName, segment: 0, totalSegments: 1 };
}

/** What pages and refusals add up to. */
export interface ScanMeter {
  readUnits: number;
  throttles: number;
}

/** How a segment is read. */
export interface ScanScope {
  readonly items: Pick<ItemTable, 'scanPage'>;
  /** Retries with jitter. Called for each error that is retried. */
  readonly retry: <T>(attempt: () => Promise<T>, onRetry: (error: unknown) => void) => Promise<T>;
  /** Absent: no cap. */
  readonly pace?: ReadPace;
  /** Items of a page at most, where there is no cap; absent: up to 1 MB. */
  readonly limit?: number;
  readonly meter?: ScanMeter;
  /** Asks for the next page while one is worked on. Not under a cap: a page inside a share is paid for before it is asked for. */
  readonly isReadingAhead?: boolean;
}

/** The scope of one worker's turn, inside the worker's share of the run's cap. The cap is for each table that is read. */
export function turnScope(
  { items }: Pick<Runtime, 'items'>,
  turn: ShardTurn<unknown>,
  meter: ScanMeter,
): ScanScope {
  return {
    items,
    retry: (attempt, onRetry) => turn.retry(attempt, onRetry),
    pace: readPaceOf(turn),
    meter,
  };
}

/** The scope of a look without a cap, until a deadline (epoch milliseconds). */
export function lookScope({ items, clock }: Pick<Runtime, 'items' | 'clock'>, deadline: number): ScanScope {
  return { items, retry: (attempt, onRetry) => retry({ clock, deadline, onRetry }, attempt) };
}

/** A strongly consistent Scan of a segment, from a position on. */
export function openScan(scope: ScanScope, segment: Segment, start = NOT_BEGUN): SegmentScan {
  /** The next page, asked for while this one is worked on. */
  let ahead: Promise<ScanPage> | undefined;
  /** Pages that were asked for and are not needed any more. */
  let dropped: Promise<unknown> | undefined;

  const readAhead = ({ isDone, exclusiveStartKey }: ScanPosition): void => {
    if (scope.isReadingAhead !== true || isDone || scope.pace?.limit() !== undefined) return;
    ahead = askFor(scope, segment, exclusiveStartKey);
    // Its failure is thrown to the caller that needs the page.
    ahead.catch(() => undefined);
  };
  const dropAhead = (): void => {
    dropped = Promise.allSettled([dropped, ahead]);
    ahead = undefined;
  };

  const scan: SegmentScan & { position: ScanPosition } = {
    position: start,
    async readPage(take = () => undefined) {
      await scope.pace?.wait();
      const asked = ahead ?? askFor(scope, segment, scan.position.exclusiveStartKey);
      ahead = undefined;
      const page = await asked;
      scope.pace?.charge({ readUnits: page.readUnits, items: page.items.length });
      const next = positionBehind(page);
      readAhead(next);
      try {
        await take(page.items);
      } catch (error) {
        dropAhead();
        throw error;
      }
      scan.position = next;
      return page;
    },
    moveTo(elsewhere) {
      dropAhead();
      scan.position = elsewhere;
    },
    async settle() {
      await Promise.allSettled([dropped, ahead]);
    },
  };
  return scan;
}

/** Page after page, up to the segment's end. */
export async function* pagesOf(scan: SegmentScan): AsyncGenerator<readonly WireItem[]> {
  while (!scan.position.isDone) yield (await scan.readPage()).items;
}

async function askFor(
  { items, retry: retryUntil, pace, limit, meter }: ScanScope,
  segment: Segment,
  exclusiveStartKey: WireItem | undefined,
): Promise<ScanPage> {
  const countThrottle = (error: unknown): void => {
    if (meter !== undefined && isThrottle(error)) meter.throttles += 1;
  };
  try {
    const page = await retryUntil(
      () => items.scanPage({ ...segment, exclusiveStartKey, limit: pace?.limit() ?? limit }),
      countThrottle,
    );
    if (meter !== undefined) meter.readUnits += page.readUnits;
    return page;
  } catch (error) {
    throw isNamed(error, 'ResourceNotFoundException') ? missingTableError(segment.tableName) : error;
  }
}

function positionBehind({ lastEvaluatedKey }: ScanPage): ScanPosition {
  return lastEvaluatedKey === undefined ? AT_END : { isDone: false, exclusiveStartKey: lastEvaluatedKey };
}
