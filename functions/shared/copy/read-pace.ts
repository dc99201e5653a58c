import type { Clock } from '../retry.ts';
import { createDebt } from './debt.ts';
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
  /**
   * Read units a second for this worker, a fraction too: half of 1 unit is one unit every 2 seconds. 0: no cap. It may
   * change while the worker waits.
   */
  readonly unitsPerSecond: () => number;
  /** What the items before have cost each; absent when nothing is known. */
  readonly unitsPerItem?: number | undefined;
  readonly clock: Clock;
  /** Epoch milliseconds: no wait goes beyond. */
  readonly deadline: number;
}

/** The pace of one worker's turn: the run's cap, shared out evenly. */
export function readPaceOf(
  { share, clock, deadline }: Pick<ShardTurn<unknown>, 'share' | 'clock' | 'deadline'>,
  unitsPerItem?: number,
): ReadPace {
  return readPace({
    unitsPerSecond: () => share('readUnitsPerSecond'),
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
 * Pace of one worker. Its share is cap / workers, so that workers need not speak to each other.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-query-scan.html
 */
export function readPace(options: PaceOptions): ReadPace {
  const { unitsPerSecond, clock, deadline } = options;
  const debt = createDebt({ unitsPerSecond, clock, deadline });
  let unitsPerItem = options.unitsPerItem ?? 0;
  let isMeasured = false;
  /** Items of a page that has cost the least there is, and so says little of what an item costs. */
  let cheapItems = 0;
  return {
    limit() {
      const share = unitsPerSecond();
      if (share === 0) return undefined;
      const budget = Math.max(LEAST_UNITS, share);
      const perUnit = unitsPerItem === 0 ? ASSUMED_ITEMS_PER_UNIT : 1 / unitsPerItem;
      const affordable = Math.max(1, Math.floor(budget * perUnit));
      if (!isMeasured) return Math.min(FIRST_PAGE_ITEMS, affordable);
      // Else rounding would make ever smaller pages, and each costs a unit.
      return affordable > cheapItems ? affordable : 2 * cheapItems;
    },
    wait: () => debt.wait(),
    charge({ readUnits, items }) {
      debt.add(readUnits);
      if (items === 0) return;
      isMeasured = true;
      unitsPerItem = readUnits / items;
      cheapItems = readUnits <= LEAST_UNITS ? items : 0;
    },
  };
}
