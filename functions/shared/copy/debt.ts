import { type Clock, pause } from '../retry.ts';

/** Units that were spent ahead of their time. */
export interface Debt {
  /** Spends units. */
  add(units: number): void;
  /** Returns when all of them are paid for at the rate as it is then, or at the deadline. */
  wait(): Promise<void>;
}

/** How a debt is paid. */
export interface DebtOptions {
  /** 0: all at once. It may change at any time. */
  readonly unitsPerSecond: () => number;
  readonly clock: Clock;
  /** Epoch milliseconds: no wait goes beyond. */
  readonly deadline: number;
}

/** How long a rate may have changed before a wait goes by it. */
const LOOK_MILLIS = 1_000;
/** What rounding leaves over. */
const SHORTEST_MILLIS = 0.001;

/** Counts what is owed in units, not in time, so that a new rate counts for what was spent before as well. */
export function createDebt({ unitsPerSecond, clock, deadline }: DebtOptions): Debt {
  let owed = 0;
  let paidAt = clock.now();
  const pay = (): number => {
    const now = clock.now();
    const rate = unitsPerSecond();
    owed = rate === 0 ? 0 : Math.max(0, owed - ((now - paidAt) / 1_000) * rate);
    paidAt = now;
    const millis = rate === 0 ? 0 : Math.min((owed / rate) * 1_000, deadline - now);
    return millis < SHORTEST_MILLIS ? 0 : millis;
  };
  return {
    add(units) {
      pay();
      owed += units;
    },
    async wait() {
      for (let millis = pay(); millis > 0; millis = pay()) await pause(clock, Math.min(millis, LOOK_MILLIS));
    },
  };
}
