import type { Clock } from '../retry.ts';

/** Measures what DynamoDB takes. */
export interface Meter {
  add(units: number): void;
  perSecond(): number;
}

/** How far back the rate is measured that DynamoDB took. */
const MEASURED_MILLIS = 500;
/** A shorter part of a second allows no conclusion about a second. */
export const SHORTEST_MILLIS = 250;

/** Units a second over the last full second, or over what has passed of this one where that has brought more. */
export function createMeter(clock: Clock): Meter {
  let startedAt = clock.now();
  let current = 0;
  let previous = 0;
  const turnOver = (): void => {
    const elapsed = clock.now() - startedAt;
    if (elapsed < MEASURED_MILLIS) return;
    previous = (current * 1_000) / elapsed;
    current = 0;
    startedAt = clock.now();
  };
  return {
    add(units) {
      turnOver();
      current += units;
    },
    perSecond() {
      turnOver();
      const elapsed = clock.now() - startedAt;
      const isLongEnough = elapsed >= SHORTEST_MILLIS || previous === 0;
      return isLongEnough ? (current * 1_000) / Math.max(SHORTEST_MILLIS, elapsed) : previous;
    },
  };
}
