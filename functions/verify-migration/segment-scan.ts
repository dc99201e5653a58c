import { readPace } from '../shared/copy/read-pace.ts';
import { TableUnavailableError } from '../shared/errors.ts';
import { isThrottle } from '../shared/retry.ts';
import type { ShardTurn } from '../shared/copy/shard-turn.ts';
import type { ItemTable } from '../shared/aws/item-table.ts';
import type { WireItem } from '../shared/items/wire-item.ts';

/** How far a Scan has come. */
export interface ScanPosition {
  readonly isDone: boolean;
  readonly exclusiveStartKey?: WireItem;
}

/** One segment of one table, read page by page. */
export interface SegmentScan {
  readonly position: ScanPosition;
  /** Reads one page, inside the worker's share, and shows it to the scan's `see`. */
  readPage(): Promise<void>;
}

/** Which segment, from where on, and who sees its pages. */
export interface ScanOrder {
  readonly tableName: string;
  readonly segment: number;
  readonly start: ScanPosition;
  /** A page that it fails at counts as not read, and is read again. */
  readonly see: (page: readonly WireItem[]) => void | Promise<void>;
  /** What pages and refusals add up to. */
  readonly meter: { items: number; readUnits: number; throttles: number };
}

/** A strongly consistent Scan of one segment. The cap is the run's for each table that is read. */
export function segmentScan(
  items: Pick<ItemTable, 'scanPage'>,
  turn: ShardTurn<unknown>,
  { tableName, segment, start, see, meter }: ScanOrder,
): SegmentScan {
  const { plan } = turn.run;
  const pace = readPace({
    unitsPerSecond: plan.readUnitsPerSecond / plan.workers,
    clock: turn.clock,
    deadline: turn.deadline,
  });
  const countThrottle = (error: unknown): void => {
    if (isThrottle(error)) meter.throttles += 1;
  };
  let position = start;
  return {
    get position() {
      return position;
    },
    async readPage() {
      await pace.wait();
      const { exclusiveStartKey } = position;
      const request = { tableName, segment, totalSegments: plan.segments.length, exclusiveStartKey };
      const page = await turn
        .retry(() => items.scanPage({ ...request, limit: pace.limit() }), countThrottle)
        .catch((error: unknown) => {
          throw translateMissing(tableName, error);
        });
      pace.charge({ readUnits: page.readUnits, items: page.items.length });
      meter.readUnits += page.readUnits;
      await see(page.items);
      meter.items += page.items.length;
      const { lastEvaluatedKey } = page;
      position = {
        isDone: lastEvaluatedKey === undefined,
        ...(lastEvaluatedKey && { exclusiveStartKey: lastEvaluatedKey }),
      };
    },
  };
}

function translateMissing(tableName: string, error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'ResourceNotFoundException') return error;
  return new TableUnavailableError(
    `Table ${tableName} has gone while it was being verified. Check who deleted it, then start again.`,
    { cause: error },
  );
}
