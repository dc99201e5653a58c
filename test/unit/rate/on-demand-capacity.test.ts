import { describe, expect, it } from 'vitest';
import { doublingMillis, onDemandCapacity } from '../../support/on-demand-capacity.ts';

const newTable = { first: 4_000, quota: 40_000, partition: 1_000 };

describe('onDemandCapacity', () => {
  it('gives twice the last peak once that is half an hour old, up to the quota', () => {
    const capacity = onDemandCapacity(newTable);
    const limits = [0, 1, 2, 3, 4].map((round) => {
      const now = round * doublingMillis;
      const limit = capacity.perSecond(now);
      capacity.served(limit, now);
      return limit;
    });

    expect(limits).toEqual([4_000, 8_000, 16_000, 32_000, 40_000]);
  });

  it('does not grow with what is well below its limit', () => {
    const capacity = onDemandCapacity(newTable);
    capacity.served(1_000, 0);

    expect(capacity.nextChange(0)).toBe(Number.POSITIVE_INFINITY);
    expect(capacity.perSecond(10 * doublingMillis)).toBe(4_000);
  });
});
