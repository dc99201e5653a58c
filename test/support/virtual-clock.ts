import { setImmediate as nextTurn } from 'node:timers/promises';

/** Time that passes only where everybody waits for it: a day takes as long as its events. */
export interface VirtualClock {
  /** Milliseconds since the start. */
  now(): number;
  /** Returns when so much virtual time has passed. */
  sleep(millis: number): Promise<void>;
  /**
   * Runs the work to its end, moving time on whenever nothing else is left to do. The work may wait for
   * promises and for this clock only.
   *
   * @throws Error when it waits for something that can never come
   */
  run<T>(work: () => Promise<T>): Promise<T>;
}

interface Alarm {
  readonly at: number;
  readonly ring: () => void;
}

/** A clock that starts at `start`. */
export function createVirtualClock(start = 0): VirtualClock {
  /** Soonest last, so that taking it is cheap. */
  const alarms: Alarm[] = [];
  let now = start;

  const add = (alarm: Alarm): void => {
    let low = 0;
    let high = alarms.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((alarms[middle]?.at ?? 0) > alarm.at) low = middle + 1;
      else high = middle;
    }
    alarms.splice(low, 0, alarm);
  };
  const ringNext = (): void => {
    const alarm = alarms.pop();
    if (alarm === undefined) throw new Error('Everybody waits, and nothing is left that could happen.');
    now = Math.max(now, alarm.at);
    alarm.ring();
  };

  return {
    now: () => now,
    sleep: (millis) =>
      new Promise((resolve) => {
        add({ at: now + Math.max(0, millis), ring: resolve });
      }),
    async run(work) {
      let isOver = false;
      const result = work().finally(() => {
        isOver = true;
      });
      // Rejections are seen below, after the clock has stopped.
      result.catch(() => undefined);
      for (;;) {
        await nextTurn();
        if (isOver) return result;
        ringNext();
      }
    },
  };
}
