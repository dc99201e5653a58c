import { SHORTEST_MILLIS } from './rate-meter.ts';

/** A limit that finds its way between its floor and its ceiling. */
export interface Limit {
  at(now: number): number;
  /** Steps down, if it is time for that. @returns whether it has */
  lower(now: number, seen: Seen): boolean;
}

/** What came of the requests since the last step. */
export interface Seen {
  /** Units a second that DynamoDB took. */
  readonly served: number;
  readonly requests: number;
  /** Part of the requests of which anything was refused. */
  readonly refusedPart: number;
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

/**
 * A limit in units a second. It doubles from `first` until the first throttle, backs off, and finds its way back.
 *
 * @param ceiling never above; it may change at any time
 * @param start epoch milliseconds
 */
export function createLimit(ceiling: () => number, first: number, start: number): Limit {
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

/** Steps down that have not helped so far. */
interface Trial {
  /** Units a second that were served when the first of them was taken. */
  readonly served: number;
  /** Between the first step and the second; before the first, refusals and their absence are mixed. */
  readonly refusedPart?: number;
  readonly steps: number;
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
