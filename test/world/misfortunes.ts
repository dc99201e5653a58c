import type { Scheduler } from './scheduler.ts';
import type { Trouble, TroubleKind } from './trouble.ts';

/** One thing that went wrong, or that somebody did. */
export interface Strike {
  /** Its number among those that were about to happen in this world. */
  readonly ordinal: number;
  readonly kind: string;
  readonly what: string;
}

/** Everything that makes a run other than an undisturbed one passes here, so that it can be counted and left out. */
export interface Misfortunes {
  readonly struck: readonly Strike[];
  /** Whether a kind of trouble strikes now, by chance. */
  strikes(kind: TroubleKind, what: () => string): boolean;
  /** Whether somebody does what was planned. False where this world leaves it out. */
  happens(kind: string, what: string): boolean;
}

export interface MisfortuneOptions {
  readonly scheduler: Scheduler;
  readonly trouble: () => Trouble;
  /** Only these happen; absent: all. */
  readonly only: ReadonlySet<number> | undefined;
}

export function createMisfortunes({ scheduler, trouble, only }: MisfortuneOptions): Misfortunes {
  const struck: Strike[] = [];
  let ordinal = 0;
  const strike = (kind: string, what: string): boolean => {
    ordinal += 1;
    if (only?.has(ordinal) === false) return false;
    struck.push({ ordinal, kind, what });
    scheduler.note(`! ${kind}: ${what}`);
    return true;
  };
  return {
    struck,
    strikes(kind, what) {
      const { [kind]: rate, at } = trouble();
      if (rate > 0 && at?.[kind]?.test(what()) === false) return false;
      return scheduler.chance(rate) && strike(kind, what());
    },
    happens: strike,
  };
}
