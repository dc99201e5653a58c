import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../retry.ts';

/** Keeps one writing worker inside its share of the cap. */
export interface WritePace {
  /** Returns when this many write units may be spent, or at the deadline. Calls are served in order. */
  take(writeUnits: number): Promise<void>;
}

export interface WritePaceOptions {
  /** Write units a second for this worker; 0: no cap. */
  readonly unitsPerSecond: number;
  readonly clock: Clock;
  /** Epoch milliseconds: no wait goes beyond. */
  readonly deadline: number;
  /** Milliseconds; replaced in tests. */
  readonly pause?: (millis: number) => Promise<unknown>;
}

/** A pace without saved-up units: a worker that was held up does not catch up in a burst. */
export function writePace({ unitsPerSecond, clock, deadline, pause = sleep }: WritePaceOptions): WritePace {
  let freeAt = clock.now();
  return {
    async take(writeUnits) {
      if (unitsPerSecond === 0) return;
      const startsAt = Math.max(freeAt, clock.now());
      freeAt = startsAt + (writeUnits / unitsPerSecond) * 1_000;
      const millis = Math.min(startsAt, deadline) - clock.now();
      if (millis > 0) await pause(millis);
    },
  };
}
