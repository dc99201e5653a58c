import { type Clock, pause } from '../retry.ts';
import { createLimit } from './rate-limit.ts';
import { createMeter } from './rate-meter.ts';

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
  /** Capacity units a second for this worker: cap / workers; 0: no cap. As a function: it may change at any time. */
  readonly unitsPerSecond: number | (() => number);
  /** Units a second to begin with, doubled every 200 ms until the first throttle; absent: all at once. */
  readonly firstUnitsPerSecond?: number;
  readonly clock: Clock;
  /** Epoch milliseconds: no wait goes beyond. */
  readonly deadline: number;
  /** Asked once a second while something waits. What it throws ends that wait, and all behind it. */
  readonly throwIfClosed?: () => void;
}

/** Units of this time may be spent at once. */
const BURST_MILLIS = 100;
/** How long a cap may have changed before a wait goes by it. */
const WAIT_MILLIS = 1_000;

/** A token bucket whose limit backs off and recovers; without a cap unlimited until the first throttle. */
export function createRate(options: RateOptions): Rate {
  const { clock, deadline } = options;
  const ceiling = ceilingOf(options);
  let knownCeiling = ceiling();
  const first = Math.min(knownCeiling, options.firstUnitsPerSecond ?? knownCeiling);
  const meter = createMeter(clock);
  const limit = createLimit(ceiling, first, clock.now());
  let freeAt = clock.now();
  let queue = Promise.resolve();
  let requests = 0;
  let refusals = 0;

  /** What was spent before is waited for at the new cap, once there is one. */
  const waitMillis = (): number => {
    const now = clock.now();
    const present = ceiling();
    if (present !== knownCeiling) {
      const stretch = knownCeiling === Number.POSITIVE_INFINITY ? 1 : knownCeiling / present;
      freeAt = now + Math.max(0, freeAt - now) * stretch;
      knownCeiling = present;
    }
    return Math.min(freeAt, deadline) - now;
  };

  /** One after the other, so that who waits behind others goes by the limit as it is then. */
  const takeTurn = async (units: number): Promise<void> => {
    for (let millis = waitMillis(); millis > 0; millis = waitMillis()) {
      options.throwIfClosed?.();
      await pause(clock, Math.min(millis, WAIT_MILLIS));
    }
    const now = clock.now();
    freeAt = Math.max(freeAt, now - BURST_MILLIS) + (units / limit.at(now)) * 1_000;
  };

  return {
    take(units) {
      requests += 1;
      if (limit.at(clock.now()) === Number.POSITIVE_INFINITY) return Promise.resolve();
      queue = queue.then(() => takeTurn(units));
      return queue;
    },
    charge({ taken, charged, isRefused = false }) {
      meter.add(charged);
      if (!isRefused) freeAt += ((charged - taken) / limit.at(clock.now())) * 1_000;
    },
    throttled() {
      refusals += 1;
      const refusedPart = Math.min(1, refusals / Math.max(1, requests));
      if (!limit.lower(clock.now(), { served: meter.perSecond(), requests, refusedPart })) return;
      requests = 0;
      refusals = 0;
    },
  };
}

function ceilingOf({ unitsPerSecond }: RateOptions): () => number {
  return () => {
    const units = typeof unitsPerSecond === 'number' ? unitsPerSecond : unitsPerSecond();
    return units > 0 ? units : Number.POSITIVE_INFINITY;
  };
}
