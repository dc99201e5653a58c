import { type Clock, pause } from '../retry.ts';

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
/**
 * Throttling that follows our own rate ends below what the table has just been seen to take. Where three
 * steps below that leave at least this part of the refusals, something else is the cause, and going
 * slower would gain nothing: then the rate that was taken is kept for a while, whatever is refused.
 */
const UNCHANGED_PART = 0.8;
/** Fewer refusals than this part of the requests are what finding the table's limit costs. */
const NOTABLE_PART = 0.2;
const FUTILE_STEPS = 3;
/** A step is one of a row when the last one is so few requests ago, however long these have taken. */
const REQUESTS_OF_ONE_ROW = 12;
const HOLD_MILLIS = 10_000;
const MAX_FORGETTING_MILLIS = 600_000;
/** Units of this time may be spent at once. */
const BURST_MILLIS = 100;
/** How long a cap may have changed before a wait goes by it. */
const WAIT_MILLIS = 1_000;
/** How far back the rate is measured that DynamoDB took. */
const MEASURED_MILLIS = 500;
/** A shorter part of a second allows no conclusion about a second. */
const SHORTEST_MILLIS = 250;

/** A limit that finds its way between its floor and its ceiling. */
interface Limit {
  at(now: number): number;
  /** Steps down, if it is time for that. @returns whether it has */
  lower(now: number, seen: Seen): boolean;
}

/** What came of the requests since the last step. */
interface Seen {
  /** Units a second that DynamoDB took. */
  readonly served: number;
  readonly requests: number;
  /** Part of the requests of which anything was refused. */
  readonly refusedPart: number;
}

/** Steps down that have not helped so far. */
interface Trial {
  /** Units a second that were served when the first of them was taken. */
  readonly served: number;
  /** Between the first step and the second; before the first, refusals and their absence are mixed. */
  readonly refusedPart?: number;
  readonly steps: number;
}

function createLimit(ceiling: () => number, first: number, start: number): Limit {
  const lowest = (): number => Math.min(FLOOR_UNITS, ceiling() / 10);
  let throttledAt: number | undefined;
  /** The rate that was throttled last. */
  let plateau = first;
  let plateauSeconds = FIRST_PLATEAU_SECONDS / 2;
  let bestRate = 0;
  let trial: Trial | undefined;
  let heldUntil = Number.NEGATIVE_INFINITY;

  const wantedAt = (now: number): number => {
    if (now < heldUntil) return plateau;
    if (throttledAt === undefined) return first * 2 ** ((now - start) / DOUBLING_MILLIS);
    return plateau * (1 + DECREASE * ((now - throttledAt) / 1_000 / plateauSeconds - 1) ** 3);
  };
  const at = (now: number): number => {
    const wanted = wantedAt(now);
    const limit = Math.max(lowest(), Math.min(ceiling(), wanted));
    return limit >= UNLIMITED ? Number.POSITIVE_INFINITY : limit;
  };

  const hold = (now: number, { served }: Trial): boolean => {
    plateau = Math.max(lowest(), served);
    throttledAt = now;
    heldUntil = now + HOLD_MILLIS;
    trial = undefined;
    return true;
  };

  return {
    at,
    lower(now, seen) {
      const limit = at(now);
      const { served } = seen;
      const sinceLast = now - (throttledAt ?? start);
      const leastMillis = throttledAt === undefined ? SHORTEST_MILLIS : STEP_MILLIS;
      if (sinceLast < leastMillis || now < heldUntil) return false;
      trial = nextTrial(trial, seen, { limit, sinceLast });
      if (trial.steps >= FUTILE_STEPS) return hold(now, trial);
      const kept = (1 - FORGOTTEN_PER_SECOND) ** (Math.min(sinceLast, MAX_FORGETTING_MILLIS) / 1_000);
      bestRate = Math.max(served, bestRate * kept);
      const floor = Math.max(lowest(), Math.min(limit, bestRate * FLOOR_PART));
      const rate = served < limit * SERVED_PART ? served : limit;
      plateau = Math.max(floor / (1 - DECREASE), rate * PLATEAU_PART);
      plateauSeconds = Math.min(2 * plateauSeconds, Math.max(PLATEAU_SECONDS, PLATEAU_UNITS / plateau));
      throttledAt = now;
      return true;
    },
  };
}

function nextTrial(
  trial: Trial | undefined,
  seen: Seen,
  { limit, sinceLast }: { readonly limit: number; readonly sinceLast: number },
): Trial {
  const isOneRow = sinceLast <= 2 * STEP_MILLIS || seen.requests <= REQUESTS_OF_ONE_ROW;
  if (trial === undefined || !isOneRow) return { served: seen.served, steps: 0 };
  const { refusedPart = seen.refusedPart } = trial;
  const isUnchanged = seen.refusedPart >= Math.max(NOTABLE_PART, refusedPart * UNCHANGED_PART);
  const isFutile = limit < trial.served && isUnchanged;
  return { served: trial.served, refusedPart, steps: isFutile ? trial.steps + 1 : 0 };
}

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
    for (let millis = waitMillis(); millis > 0; millis = waitMillis())
      await pause(clock, Math.min(millis, WAIT_MILLIS));
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
