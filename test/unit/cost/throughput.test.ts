import { describe, expect, it } from 'vitest';
import { coldSeconds, sustainedRate } from '../../../functions/shared/cost/throughput.ts';

describe('coldSeconds', () => {
  it('writes 4,000 units a second into a new table', () => {
    expect(coldSeconds(5_000_000, 40_000)).toBe(1_250);
  });

  it('doubles every half hour', () => {
    // 7,200,000 in the first half hour, 14,400,000 in the second, the rest at 16,000.
    expect(coldSeconds(7_200_000 + 14_400_000 + 1_600_000, 40_000)).toBe(3_600 + 100);
  });

  it('never writes faster than the cap', () => {
    expect(coldSeconds(100_000, 1_000)).toBe(100);
    expect(coldSeconds(7_200_000 + 500_000, 5_000)).toBe(1_800 + 100);
  });
});

describe('sustainedRate', () => {
  it('is the lowest of cap, workers and quota', () => {
    const rate = { workers: 4, perWorker: 1_000, quota: 12_000 };
    expect(sustainedRate({ ...rate, capPerSecond: 0 })).toBe(4_000);
    expect(sustainedRate({ ...rate, capPerSecond: 500 })).toBe(500);
    expect(sustainedRate({ ...rate, capPerSecond: 0, workers: 40 })).toBe(12_000);
  });
});
