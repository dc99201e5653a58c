import { setTimeout as sleep } from 'node:timers/promises';
import { OperatorError } from '../operator-error.ts';

/** How often something is looked at, and until when: Ctrl-C ends every wait. */
export interface Pace {
  /** One pause between two looks. @throws OperatorError once the test is interrupted. */
  pause(): Promise<void>;
}

const interrupted = 'Interrupted.';

export function createPace(intervalMillis: number, signal?: AbortSignal): Pace {
  return {
    async pause() {
      try {
        await sleep(intervalMillis, undefined, signal === undefined ? {} : { signal });
      } catch {
        throw new OperatorError(interrupted);
      }
    },
  };
}

/** What is waited for. */
export interface Patience {
  /** Continues "It took too long for ...". */
  readonly what: string;
  readonly seconds: number;
}

/**
 * Looks until there is something to see.
 *
 * @throws OperatorError when the time is up, or on Ctrl-C.
 */
export async function until<T>(
  pace: Pace,
  { what, seconds }: Patience,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const deadline = Date.now() + seconds * 1_000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() >= deadline) throw new OperatorError(`It took more than ${seconds} seconds for ${what}.`);
    await pace.pause();
  }
}
