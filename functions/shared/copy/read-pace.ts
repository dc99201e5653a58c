import { type Clock, pause } from '../retry.ts';
import type { ShardTurn } from './shard-turn.ts';

/** What a page has cost. */
export interface PageCost {
  readonly readUnits: number;
  readonly items: number;
}

/** Keeps one Scan worker inside its share of the cap. */
export interface ReadPace {
  /**
   * `Limit` of the next page: what costs at most one second of the share, or a unit or two where that is less, the
   * least that a page costs; absent without a cap.
   */
  limit(): number | undefined;
  /** Returns when the pages read so far are paid for, or at the deadline. */
  wait(): Promise<void>;
  charge(page: PageCost): void;
}

export interface PaceOptions {
  /** Read units a second for this worker, a fraction too: half of 1 unit is one unit every 2 seconds. 0: no cap. */
  readonly unitsPerSecond: number;
  /** What the items before have cost each; absent when nothing is known. */
  readonly unitsPerItem?: number | undefined;
  readonly clock: Clock;
  /** Epoch milliseconds: no wait goes beyond. */
  readonly deadline: number;
}

/** The pace of one worker's turn: the run's cap, shared out evenly. */
export function readPaceOf(
  { run: { plan }, clock, deadline }: Pick<ShardTurn<unknown>, 'run' | 'clock' | 'deadline'>,
  unitsPerItem?: number,
): ReadPace {
  return readPace({
    unitsPerSecond: plan.readUnitsPerSecond / plan.workers,
    unitsPerItem,
    clock,
    deadline,
  });
}

/** The page that measures: small, because a page of 1 MB costs 256 units at once. */
const FIRST_PAGE_ITEMS = 100;
/** Where nothing is known of the items: four of 1 KB are a unit. */
const ASSUMED_ITEMS_PER_UNIT = 4;
/** DynamoDB rounds every page up to a whole unit. */
const LEAST_UNITS = 1;

/**
 * Pace of one worker. Its share is fixed, so that workers need not speak to each other: cap / workers.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-query-scan.html
 */
export function readPace(options: PaceOptions): ReadPace {
  const { unitsPerSecond: share, clock, deadline } = options;
  let unitsPerItem = options.unitsPerItem ?? 0;
  let isMeasured = false;
  /** Items of a page that has cost the least there is, and so says little of what an item costs. */
  let cheapItems = 0;
  let paidAt = clock.now();
  return {
    limit() {
      if (share === 0) return undefined;
      const budget = Math.max(LEAST_UNITS, share);
      const perUnit = unitsPerItem === 0 ? ASSUMED_ITEMS_PER_UNIT : 1 / unitsPerItem;
      const affordable = Math.max(1, Math.floor(budget * perUnit));
      if (!isMeasured) return Math.min(FIRST_PAGE_ITEMS, affordable);
      // Else rounding would make ever smaller pages, and each costs a unit.
      return affordable > cheapItems ? affordable : 2 * cheapItems;
    },
    async wait() {
      const millis = Math.min(paidAt, deadline) - clock.now();
      if (share > 0 && millis > 0) await pause(clock, millis);
    },
    charge({ readUnits, items }) {
      if (share === 0) return;
      paidAt = Math.max(paidAt, clock.now()) + (readUnits / share) * 1_000;
      if (items === 0) return;
      isMeasured = true;
      unitsPerItem = readUnits / items;
      cheapItems = readUnits <= LEAST_UNITS ? items : 0;
    },
  };
}
