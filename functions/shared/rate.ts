import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from './retry.ts';

/** Keeps one worker inside its share of a table's capacity, and lets it back off and recover inside that share. */
export interface Rate {
  /** Returns when there is room for this many units; at the deadline at the latest. */
  take(units: number): Promise<void>;
  /**
   * Corrects what was taken by what DynamoDB charged. Of a request that was refused in part only the
   * charge counts: what it did not get is not given back, or it would be asked for again at once.
   */
  charge(cost: { readonly taken: number; readonly charged: number; readonly isRefused?: boolean }): void;
  /** DynamoDB asked to slow down. */
  throttled(): void;
}

export interface RateOptions {
  /** Capacity units a second for this worker: cap / workers; 0: no cap. */
  readonly unitsPerSecond: number;
  /** Units a second to begin with, doubled every 200 ms until the first throttle; absent: all at once. */
  readonly firstUnitsPerSecond?: number;
  readonly clock: Clock;
  /** Epoch milliseconds: no wait goes beyond. */
  readonly deadline: number;
  /** Milliseconds; replaced in tests. */
  readonly pause?: (millis: number) => Promise<unknown>;
}

/**
 * After a throttle 15 % less; from there the limit rises as TCP's CUBIC does: quickly at first, flat
 * just below the rate that was throttled last, and after 10 s ever more quickly, because the table may
 * have grown.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9438
 */
const DECREASE = 0.15;
const PLATEAU_PART = 0.95;
const PLATEAU_SECONDS = 10;
/** A slow worker waits for longer, because a throttled request weighs more where there are few: 80 batches of 25. */
const PLATEAU_UNITS = 2_000;
/** The first throttles come out of a beginning too quick to measure by; a rate found so is soon tried again. */
const FIRST_PLATEAU_SECONDS = 2;
/** Answers to requests that were under way keep coming in for so long after a step down. */
const STEP_MILLIS = 500;
/** Below this part of the limit the table has taken less than it was given: then that is the rate to go by. */
const SERVED_PART = 0.7;
const DOUBLING_MILLIS = 200;
/** More than one worker can do anyway. */
const UNLIMITED = 1_000_000;
/**
 * Never slower than this, in units a second, and than a quarter of the best rate of late: throttling that
 * has nothing to do with the rate must not bring a worker to a standstill. The best rate is forgotten by
 * 2 % a second, so that a worker beside a second tenant gives way in the end.
 */
const FLOOR_UNITS = 50;
const FLOOR_PART = 0.25;
const FORGOTTEN_PER_SECOND = 0.02;
const MAX_FORGETTING_MILLIS = 600_000;
/** Units of this time may be spent at once. */
const BURST_MILLIS = 100;
/** How far back the rate is measured that DynamoDB took. */
const MEASURED_MILLIS = 500;
/** Less than this of a second says nothing about a second. */
const SHORTEST_MILLIS = 250;

/** A limit that finds its way between its floor and its ceiling. */
interface Limit {
  at(now: number): number;
  /** Steps down, given the units a second that were served of late. */
  lower(now: number, served: number): void;
}

function createLimit(ceiling: number, first: number, start: number): Limit {
  const lowest = Math.min(FLOOR_UNITS, ceiling / 10);
  let throttledAt: number | undefined;
  /** The rate that was throttled last. */
  let plateau = first;
  let plateauSeconds = FIRST_PLATEAU_SECONDS / 2;
  let bestRate = 0;

  const at = (now: number): number => {
    const wanted =
      throttledAt === undefined
        ? first * 2 ** ((now - start) / DOUBLING_MILLIS)
        : plateau * (1 + DECREASE * ((now - throttledAt) / 1_000 / plateauSeconds - 1) ** 3);
    const limit = Math.max(lowest, Math.min(ceiling, wanted));
    return limit >= UNLIMITED ? Number.POSITIVE_INFINITY : limit;
  };

  return {
    at,
    lower(now, served) {
      const limit = at(now);
      const sinceLast = now - (throttledAt ?? start);
      if (throttledAt !== undefined && sinceLast < STEP_MILLIS) return;
      const kept = (1 - FORGOTTEN_PER_SECOND) ** (Math.min(sinceLast, MAX_FORGETTING_MILLIS) / 1_000);
      bestRate = Math.max(served, bestRate * kept);
      const floor = Math.max(lowest, Math.min(limit, bestRate * FLOOR_PART));
      const rate = served < limit * SERVED_PART ? served : limit;
      plateau = Math.max(floor / (1 - DECREASE), rate * PLATEAU_PART);
      plateauSeconds = Math.min(2 * plateauSeconds, Math.max(PLATEAU_SECONDS, PLATEAU_UNITS / plateau));
      throttledAt = now;
    },
  };
}

/** A token bucket whose limit backs off and recovers; without a cap unlimited until the first throttle. */
export function createRate(options: RateOptions): Rate {
  const { unitsPerSecond, clock, deadline, pause = sleep } = options;
  const ceiling = unitsPerSecond > 0 ? unitsPerSecond : Number.POSITIVE_INFINITY;
  const meter = createMeter(clock);
  const limit = createLimit(ceiling, Math.min(ceiling, options.firstUnitsPerSecond ?? ceiling), clock.now());
  let freeAt = clock.now();
  let queue = Promise.resolve();

  /** One after the other, so that who waits behind others goes by the limit as it is then. */
  const takeTurn = async (units: number): Promise<void> => {
    const millis = Math.min(freeAt, deadline) - clock.now();
    if (millis > 0) await pause(millis);
    const now = clock.now();
    freeAt = Math.max(freeAt, now - BURST_MILLIS) + (units / limit.at(now)) * 1_000;
  };

  return {
    take(units) {
      if (limit.at(clock.now()) === Number.POSITIVE_INFINITY) return Promise.resolve();
      queue = queue.then(() => takeTurn(units));
      return queue;
    },
    charge({ taken, charged, isRefused = false }) {
      meter.add(charged);
      if (!isRefused) freeAt += ((charged - taken) / limit.at(clock.now())) * 1_000;
    },
    throttled() {
      limit.lower(clock.now(), meter.perSecond());
    },
  };
}

/** Units a second over the last full second, or over what has passed of this one where that has brought more. */
function createMeter(clock: Clock): { add(units: number): void; perSecond(): number } {
  let startedAt = clock.now();
  let current = 0;
  let previous = 0;
  const turnOver = (): void => {
    const elapsed = clock.now() - startedAt;
    if (elapsed < MEASURED_MILLIS) return;
    previous = (current * 1_000) / elapsed;
    current = 0;
    startedAt = clock.now();
  };
  return {
    add(units) {
      turnOver();
      current += units;
    },
    perSecond() {
      turnOver();
      const elapsed = clock.now() - startedAt;
      const isLongEnough = elapsed >= SHORTEST_MILLIS || previous === 0;
      return isLongEnough ? (current * 1_000) / Math.max(SHORTEST_MILLIS, elapsed) : previous;
    },
  };
}
