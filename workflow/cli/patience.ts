import { type Clock, pause, SYSTEM_CLOCK } from '../../functions/shared/retry.ts';
import type { OperatorContext } from './context.ts';
import { isPassing } from './operator-error.ts';
import type { Terminal } from './terminal.ts';

/** Asks again where nothing answers. */
export type Patience = <T>(ask: () => Promise<T>) => Promise<T>;

/** What a command that follows a run tells its operator, and what ends its patience. */
export interface PatienceOptions {
  /** Called once for each time without an answer, at its beginning. */
  readonly onSilence: () => void;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock;
}

/** A network comes back; an embedded AWS that was stopped does not. */
const PATIENCE_MILLIS = 300_000;
const LOCAL_PATIENCE_MILLIS = 10_000;
const PAUSE_MILLIS = 1_000;

/**
 * Asks again for five minutes where nothing answers, at an endpoint of one's own for ten seconds. A run does not need the
 * command that follows it, so a cut connection is no end.
 *
 * The returned function throws the last error when the time is up or the signal has come, and every other error at once.
 */
export function createPatience(
  { endpoint }: Pick<OperatorContext, 'endpoint'>,
  { onSilence, signal, clock = SYSTEM_CLOCK }: PatienceOptions,
): Patience {
  const limit = endpoint === undefined ? PATIENCE_MILLIS : LOCAL_PATIENCE_MILLIS;
  return async (ask) => {
    const until = clock.now() + limit;
    for (let missed = 0; ; missed += 1) {
      try {
        return await ask();
      } catch (error) {
        if (!isPassing(error) || signal?.aborted === true || clock.now() >= until) throw error;
        if (missed === 0) onSilence();
        await pause(clock, PAUSE_MILLIS);
      }
    }
  };
}

/** Where the end of a run is told, and how patiently its report is asked for. */
export interface Telling {
  readonly terminal: Terminal;
  readonly patiently: Patience;
}
