import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when this many write request units may be used; rejects with the signal's reason once it is aborted. */
export type Pace = (units: number) => Promise<void>;

/** At most `unitsPerSecond`, or without a bound: each use waits until those before it are paid for. */
export function createPace(unitsPerSecond: number | undefined, signal: AbortSignal): Pace {
  let freeAt = 0;
  return async (units) => {
    signal.throwIfAborted();
    if (unitsPerSecond === undefined) return;
    const now = Date.now();
    const begin = Math.max(now, freeAt);
    freeAt = begin + (units / unitsPerSecond) * 1_000;
    if (begin > now) await sleep(begin - now, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
  };
}
