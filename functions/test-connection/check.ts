import { type MigrationError, ServiceUnreachableError } from '../shared/errors.ts';
import { splitMessage } from '../shared/message.ts';
import { isTransient, retry } from '../shared/retry.ts';
import type { Clock } from '../shared/retry.ts';

/** One check before a run. */
export interface Check {
  /** What was checked. */
  readonly name: string;
  readonly outcome: 'done' | 'warning' | 'stop';
  /** What was found and, for a warning or a stop, the remedy. */
  readonly sentence: string;
  /** The error of a run: for `stop`, and for a warning that only a plan may ignore. */
  readonly error?: MigrationError;
}

export const done = (name: string, sentence: string): Check => ({ name, outcome: 'done', sentence });
export const warning = (name: string, sentence: string): Check => ({ name, outcome: 'warning', sentence });
export const stop = (name: string, error: MigrationError): Check => ({
  name,
  outcome: 'stop',
  sentence: splitMessage(error.message).said,
  error,
});

/** A service that does not answer for this long counts as unreachable. */
const PATIENCE_MILLIS = 5_000;

/**
 * Calls a service that must answer.
 *
 * @throws ServiceUnreachableError naming the service, when it does not answer for 5 s; not retried.
 */
export async function reach<T>(clock: Clock, service: string, call: () => Promise<T>): Promise<T> {
  try {
    return await retry(
      { clock, deadline: clock.now() + PATIENCE_MILLIS, patienceMillis: PATIENCE_MILLIS },
      call,
    );
  } catch (error) {
    if (!isTransient(error)) throw error;
    const { name, message } = error as Error;
    throw new ServiceUnreachableError(
      `${service} does not answer (${name}${message === '' ? '' : `: ${message}`}). Nothing was created. Check the region, the network and AWS_ENDPOINT_URL.`,
    );
  }
}
