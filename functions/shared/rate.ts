import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from './retry.ts';

/** Keeps one worker inside its share of a table's capacity, and lets it back off and recover inside that share. */
export interface Rate {
  /** Returns when there is room for this many units; at the deadline at the latest. */
  take(units: number): Promise<void>;
  /** Corrects what was taken by what DynamoDB charged. */
  charge(cost: { readonly taken: number; readonly charged: number }): void;
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
 * One step down a second at most, because answers to requests that were under way keep coming in. 0.85
 * down and 3 % of the last good rate up a second meet again after 5 s: 92 % of what the table gives on
 * average, and a throttled request every few seconds.
 */
const DECREASE = 0.85;
const INCREASE_PER_SECOND = 0.03;
const STEP_MILLIS = 1_000;
/** Never slower than this, in units a second: throttling that has nothing to do with the rate must not stop a worker. */
const FLOOR_UNITS = 50;
/** Units of this time may be spent at once. */
const BURST_MILLIS = 100;
/** How far back the rate is measured that DynamoDB took. */
const MEASURED_MILLIS = 1_000;

/** Additive increase, multiplicative decrease over a token bucket; unlimited until the first throttle where there is no cap. */
export function createRate({ unitsPerSecond: share, clock, deadline, pause = sleep }: RateOptions): Rate {
  const ceiling = share > 0 ? share : Number.POSITIVE_INFINITY;
  const floor = Math.min(FLOOR_UNITS, ceiling / 10);
  const meter = createMeter(clock);
  let limit = ceiling;
  let goodRate = ceiling;
  let recoveredAt = clock.now();
  let decreasedAt = Number.NEGATIVE_INFINITY;
  let freeAt = clock.now();

  const recover = (now: number): void => {
    if (limit < ceiling) {
      const seconds = (now - recoveredAt) / 1_000;
      limit = Math.min(ceiling, limit + goodRate * INCREASE_PER_SECOND * seconds);
      goodRate = Math.max(goodRate, limit);
    }
    recoveredAt = now;
  };

  return {
    async take(units) {
      const now = clock.now();
      recover(now);
      const startAt = Math.max(freeAt, now - BURST_MILLIS);
      freeAt = startAt + (units / limit) * 1_000;
      const millis = Math.min(startAt, deadline) - now;
      if (millis > 0) await pause(millis);
    },
    charge({ taken, charged }) {
      meter.add(charged);
      freeAt += ((charged - taken) / limit) * 1_000;
    },
    throttled() {
      const now = clock.now();
      if (now - decreasedAt < STEP_MILLIS) return;
      recover(now);
      goodRate = Math.max(floor, Math.min(limit, meter.perSecond()));
      limit = Math.max(floor, goodRate * DECREASE);
      decreasedAt = now;
    },
  };
}

/** Units a second over the last full second, or over this one where it has brought more. */
function createMeter(clock: Clock): { add(units: number): void; perSecond(): number } {
  let startedAt = clock.now();
  let current = 0;
  let previous = 0;
  const turnOver = (): void => {
    const elapsed = clock.now() - startedAt;
    if (elapsed < MEASURED_MILLIS) return;
    previous = elapsed < 2 * MEASURED_MILLIS ? current : 0;
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
      return Math.max(previous, current);
    },
  };
}
