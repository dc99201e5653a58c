import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isThrottle, isTransient, retry } from '../../../functions/shared/retry.ts';

const named = (name: string, more: object = {}): Error => Object.assign(new Error(name), { name, ...more });
const throttle = named('ProvisionedThroughputExceededException');
const fault = named('InternalServerError');

describe('a transient error', () => {
  it.each([
    'ProvisionedThroughputExceededException',
    'ThrottlingException',
    'Throttling',
    'RequestLimitExceeded',
    'TooManyRequestsException',
    'SlowDown',
  ])('is %s, and it says "too fast"', (name) => {
    expect([isTransient(named(name)), isThrottle(named(name))]).toEqual([true, true]);
  });

  it.each([
    'InternalServerError',
    'InternalServerErrorException',
    'ServiceUnavailable',
    'ServiceUnavailableException',
    'InternalError',
    'TransactionInProgressException',
    'TransactionConflictException',
    'ReplicatedWriteConflictException',
    'ConditionalRequestConflict',
    'OperationAborted',
    'LimitExceededException',
    'TimeoutError',
    'RequestTimeout',
    'RequestTimeoutException',
    'IncompletePageError',
    'IncompleteBodyError',
    'SyntaxError',
  ])('is %s, and it says nothing of the speed', (name) => {
    expect([isTransient(named(name)), isThrottle(named(name))]).toEqual([true, false]);
  });

  it.each([
    'ECONNRESET',
    'ECONNREFUSED',
    'EPIPE',
    'ETIMEDOUT',
    'ENOTFOUND',
    'EAI_AGAIN',
    'ERR_STREAM_PREMATURE_CLOSE',
    'ECONNABORTED',
  ])('is a connection that ends with %s', (code) => {
    expect(isTransient(named('Error', { code }))).toBe(true);
  });

  it.each([500, 503])('is any answer with status %i', (httpStatusCode) => {
    expect(isTransient(named('Odd', { $metadata: { httpStatusCode } }))).toBe(true);
  });

  it.each(['aborted', 'socket hang up', 'Premature close', 'The request was ABORTED'])(
    'is "%s"',
    (message) => {
      expect(isTransient(new Error(message))).toBe(true);
    },
  );
});

describe('a permanent error', () => {
  it.each([
    undefined,
    null,
    'a text',
    {},
    named('ValidationException', { $metadata: { httpStatusCode: 400 } }),
    named('AccessDenied', { $metadata: { httpStatusCode: 499 } }),
    named('ConditionalCheckFailedException', { $metadata: {} }),
    named('Error', { code: 'EACCES' }),
  ])('is %s', (error) => {
    expect([isTransient(error), isThrottle(error)]).toEqual([false, false]);
  });
});

describe('trying again', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
    vi.spyOn(Math, 'random').mockReturnValue(0.999);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  /** Fails with these errors in turn, the last one for ever, or then succeeds. */
  function failing(errors: readonly unknown[], isEndless = false) {
    const at: number[] = [];
    const attempt = async (): Promise<string> => {
      const error = isEndless ? (errors[at.length] ?? errors.at(-1)) : errors[at.length];
      at.push(Date.now() - 1_000_000);
      if (error !== undefined) throw error;
      return 'done';
    };
    return { at, attempt };
  }

  async function outcome(promise: Promise<string>): Promise<unknown> {
    const settled = promise.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(3_600_000);
    return settled;
  }

  const clock = { now: () => Date.now() };
  const inMillis = (millis: number): number => 1_000_000 + millis;

  it('is not needed when the first attempt succeeds', async () => {
    const { at, attempt } = failing([]);
    const onRetry = vi.fn();
    expect(await outcome(retry({ clock, deadline: inMillis(60_000), onRetry }, attempt))).toBe('done');
    expect(at).toEqual([0]);
    expect(onRetry).not.toHaveBeenCalled();
  });

  it('tells of each error that is tried again', async () => {
    const { attempt } = failing([fault, throttle]);
    const seen: unknown[] = [];
    const onRetry = (error: unknown): void => void seen.push(error);
    expect(await outcome(retry({ clock, deadline: inMillis(60_000), onRetry }, attempt))).toBe('done');
    expect(seen).toEqual([fault, throttle]);
  });

  it('waits for longer each time, up to five seconds', async () => {
    const { at, attempt } = failing([throttle], true);
    await outcome(retry({ clock, deadline: inMillis(60_000) }, attempt));
    const pauses = at.slice(1).map((one, index) => one - (at[index] ?? 0));
    expect(pauses.slice(0, 7)).toEqual([50, 100, 200, 400, 799, 1_598, 3_197]);
    expect(Math.max(...pauses)).toBe(4_995);
  });

  it('waits for a part of that only, at random, so that many do not come back at once', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const { at, attempt } = failing([throttle, throttle, throttle]);
    await outcome(retry({ clock, deadline: inMillis(60_000) }, attempt));
    expect(at).toEqual([0, 25, 75, 175]);
  });

  it('does not try a lasting error again', async () => {
    const refused = named('ValidationException');
    const { at, attempt } = failing([refused], true);
    expect(await outcome(retry({ clock, deadline: inMillis(60_000) }, attempt))).toBe(refused);
    expect(at).toEqual([0]);
  });

  it('goes on with throttling until the deadline, and begins nothing after it', async () => {
    const { at, attempt } = failing([throttle], true);
    expect(await outcome(retry({ clock, deadline: inMillis(60_000) }, attempt))).toBe(throttle);
    expect(at.filter((one) => one > 65_000)).toEqual([]);
    expect(at.at(-1)).toBeGreaterThan(55_000);
  });

  it('gives any other fault up after 20 seconds: the state tries again', async () => {
    const { at, attempt } = failing([fault], true);
    expect(await outcome(retry({ clock, deadline: inMillis(600_000) }, attempt))).toBe(fault);
    expect(at.at(-1)).toBeGreaterThan(15_000);
    expect(at.at(-1)).toBeLessThan(25_000);
  });

  it('gives up at the deadline where that comes first', async () => {
    const { at, attempt } = failing([fault], true);
    await outcome(retry({ clock, deadline: inMillis(2_000) }, attempt));
    expect(at.at(-1)).toBeLessThan(4_000);
  });

  it('has as much patience as it is given', async () => {
    const { at, attempt } = failing([fault], true);
    await outcome(retry({ clock, deadline: inMillis(600_000), patienceMillis: 100_000 }, attempt));
    expect(at.at(-1)).toBeGreaterThan(90_000);
  });

  it('tries again what the caller says may be', async () => {
    const notYet = new Error('not yet');
    const { attempt } = failing([notYet, notYet]);
    const isRetryable = (error: unknown): boolean => error === notYet;
    expect(await outcome(retry({ clock, deadline: inMillis(60_000), isRetryable }, attempt))).toBe('done');
  });

  it('begins no attempt at the very deadline', async () => {
    const { at, attempt } = failing([throttle], true);
    await outcome(retry({ clock, deadline: inMillis(0) }, attempt));
    expect(at).toEqual([0]);
  });
});
