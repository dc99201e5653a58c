import { setImmediate as nextTurn } from 'node:timers/promises';

/** Time that passes only when everybody waits for it, so a day takes only as long as its events. */
export interface VirtualClock {
  /** Milliseconds since the start. */
  now(): number;
  /** Returns when this much virtual time has passed. */
  sleep(millis: number): Promise<void>;
  /**
   * Runs the work to its end and moves time forward whenever nothing else can happen. The work may wait only for
   * promises and for this clock.
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
  /** The next alarm comes last, so that removing it is cheap. */
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
    if (alarm === undefined) throw new Error('Everybody waits, and nothing can happen any more.');
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
      // Rejections are handled below, after the clock has stopped.
      result.catch(() => undefined);
      for (;;) {
        await nextTurn();
        if (isOver) return result;
        ringNext();
      }
    },
  };
}
