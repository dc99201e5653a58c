import { isNamed } from './errors.ts';

/** Time, chance and waiting. Tests pass their own. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Waits this many milliseconds; absent: those of the system. */
  readonly sleep?: (millis: number) => Promise<unknown>;
  /** In [0, 1); absent: the system's. */
  readonly random?: () => number;
}

/** The system's time and chance. Only this file reads them. */
export const SYSTEM_CLOCK: Required<Clock> = {
  now: () => Date.now(),
  sleep: (millis) =>
    new Promise((resolve) => {
      setTimeout(resolve, millis);
    }),
  random: () => Math.random(),
};

/** Waits this many milliseconds by a clock. */
export function pause(clock: Clock, millis: number): Promise<unknown> {
  return (clock.sleep ?? SYSTEM_CLOCK.sleep)(millis);
}

/** Names of transient AWS errors. */
const TRANSIENT_NAMES = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'Throttling',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'InternalServerError',
  'InternalServerErrorException',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'SlowDown',
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
]);

const TRANSIENT_CODES = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ECONNABORTED',
]);

const THROTTLE_NAMES = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'Throttling',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'SlowDown',
]);

interface AwsLikeError {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly clockSkewCorrected?: true };
}

/** The first pause is at most this long, each further one twice as long ... */
export const FIRST_PAUSE_MILLIS = 50;
/** ... and none longer than this. */
export const MAX_PAUSE_MILLIS = 5_000;

/** How long {@link retry} may continue. */
export interface RetryUntil {
  readonly clock: Clock;
  /** Epoch milliseconds after which no further attempt begins. */
  readonly deadline: number;
  /** How long anything but throttling may be retried, in milliseconds; default 20,000. Beyond that the state's own retry is the better place. */
  readonly patienceMillis?: number;
  /** Called before each further attempt. */
  readonly onRetry?: (error: unknown) => void;
  /** Default {@link isTransient}. */
  readonly isRetryable?: (error: unknown) => boolean;
}

/**
 * Calls until it succeeds, with full jitter between 0 and 50 ms .. 5 s, as long as the error is transient and the
 * deadline allows. Then throws the last error. The SDK alone gives up after 2.6 s.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export async function retry<T>(until: RetryUntil, attempt: () => Promise<T>): Promise<T> {
  const isRetryable = until.isRetryable ?? isTransient;
  const { clock, deadline, patienceMillis = 20_000 } = until;
  const patientUntil = Math.min(deadline, clock.now() + patienceMillis);
  const mayGoOn = (error: unknown): boolean => {
    const again = isRetryable(error) && clock.now() < (isThrottle(error) ? deadline : patientUntil);
    if (again) until.onRetry?.(error);
    return again;
  };
  const { random = SYSTEM_CLOCK.random } = clock;
  for (
    let longestMillis = FIRST_PAUSE_MILLIS;
    ;
    longestMillis = Math.min(2 * longestMillis, MAX_PAUSE_MILLIS)
  ) {
    try {
      return await attempt();
    } catch (error) {
      if (!mayGoOn(error)) throw error;
    }
    await pause(clock, Math.round(random() * longestMillis));
  }
}

/**
 * Whether the same request may succeed a moment later: throttling, 5xx, resets, time-outs, truncated answers, and a
 * wrong clock that the SDK has corrected.
 */
export function isTransient(error: unknown): boolean {
  const { name, code, message, $metadata } = (error ?? {}) as AwsLikeError;
  return (
    TRANSIENT_NAMES.has(name ?? '') ||
    TRANSIENT_CODES.has(code ?? '') ||
    ($metadata?.httpStatusCode ?? 0) >= 500 ||
    $metadata?.clockSkewCorrected === true ||
    /aborted|socket hang up|premature close/i.test(message ?? '')
  );
}

/** Whether the service says "too fast". */
export function isThrottle(error: unknown): boolean {
  return isNamed(error, ...THROTTLE_NAMES);
}

/** Whether the error is transient, or has one of these names, which pass where it was thrown. */
export function isTransientOr(error: unknown, ...names: readonly string[]): boolean {
  return isNamed(error, ...names) || isTransient(error);
}
