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
  charge(cost: { readonly taken: number; readonly charged: number; readonly isRefused: boolean }): void;
  /** DynamoDB asked to slow down. */
  throttled(): void;
}

export interface RateOptions {
  /** Capacity units a second for this worker: cap / workers; 0: no cap. */
  readonly unitsPerSecond: number;
  readonly clock: Clock;
  /** Epoch milliseconds: no wait goes beyond. */
  readonly deadline: number;
  /** Milliseconds; replaced in tests. */
  readonly pause?: (millis: number) => Promise<unknown>;
}

/**
 * One step down a second at most, because answers to requests that were under way keep coming in. 0.88
 * down and 3 % of the last good rate up a second meet again after 4 s: 94 % of what the table gives on
 * average, and a throttled request every few seconds.
 */
const DECREASE = 0.85;
const STEP_MILLIS = 250;
const INCREASE_PER_SECOND = 0.03;
/** After this long without a throttle the table gives more than it did: the increase itself grows from then on. */
const STEADY_SECONDS = 5;
/**
 * Never slower than this, in units a second, and than a quarter of the best rate of late: throttling that
 * has nothing to do with the rate must not bring a worker to a standstill. The best rate is forgotten by
 * 2 % a second, so that a worker beside a second tenant gives way in the end.
 */
const FLOOR_UNITS = 50;
const FLOOR_SHARE = 0.25;
const FORGOTTEN_PER_SECOND = 0.02;
/** Units of this time may be spent at once. */
const BURST_MILLIS = 100;
const MAX_FORGETTING_MILLIS = 600_000;
/** How far back the rate is measured that DynamoDB took. */
const MEASURED_MILLIS = 500;
/** Less than this of a second says nothing about a second. */
const SHORTEST_MILLIS = 250;

/** Additive increase, multiplicative decrease over a token bucket; unlimited until the first throttle where there is no cap. */
export function createRate({ unitsPerSecond: share, clock, deadline, pause = sleep }: RateOptions): Rate {
  const ceiling = share > 0 ? share : Number.POSITIVE_INFINITY;
  const lowest = Math.min(FLOOR_UNITS, ceiling / 10);
  const meter = createMeter(clock);
  let limit = ceiling;
  let goodRate = ceiling;
  let recoveredAt = clock.now();
  let decreasedAt = Number.NEGATIVE_INFINITY;
  let bestRate = 0;
  let freeAt = clock.now();
  let queue = Promise.resolve();

  const recover = (now: number): void => {
    if (limit < ceiling) {
      const seconds = (now - recoveredAt) / 1_000;
      const speed = Math.max(1, (now - decreasedAt) / 1_000 - STEADY_SECONDS);
      limit = Math.min(ceiling, limit + goodRate * INCREASE_PER_SECOND * speed * seconds);
      goodRate = Math.max(goodRate, limit);
    }
    recoveredAt = now;
  };

  /** One after the other, so that who waits behind others goes by the limit as it is then. */
  const takeTurn = async (units: number): Promise<void> => {
    const millis = Math.min(freeAt, deadline) - clock.now();
    if (millis > 0) await pause(millis);
    const now = clock.now();
    recover(now);
    freeAt = Math.max(freeAt, now - BURST_MILLIS) + (units / limit) * 1_000;
  };

  return {
    take(units) {
      if (limit === Number.POSITIVE_INFINITY) return Promise.resolve();
      queue = queue.then(() => takeTurn(units));
      return queue;
    },
    charge({ taken, charged, isRefused }) {
      meter.add(charged);
      if (!isRefused) freeAt += ((charged - taken) / limit) * 1_000;
    },
    throttled() {
      const now = clock.now();
      if (now - decreasedAt < STEP_MILLIS) return;
      recover(now);
      const rate = meter.perSecond();
      const seconds = Math.min(now - decreasedAt, MAX_FORGETTING_MILLIS) / 1_000;
      bestRate = Math.max(rate, bestRate * (1 - FORGOTTEN_PER_SECOND) ** seconds);
      const floor = Math.max(lowest, Math.min(limit, bestRate * FLOOR_SHARE));
      goodRate = Math.max(floor, Math.min(limit, rate));
      limit = Math.max(floor, goodRate * DECREASE);
      decreasedAt = now;
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
