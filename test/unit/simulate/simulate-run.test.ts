import { describe, expect, it } from 'vitest';
import { simulateRun } from '../../../workflow/simulate/simulate-run.ts';

const quota = 40_000;
const undisturbed = { quota, drift: false } as const;

describe('a simulated run', () => {
  it('brings 1,000,000 products into a warm table in 220 seconds for less than 5 dollars', async () => {
    const { measured } = await simulateRun({ ...undisturbed, products: 1e6, warm: true }, 'INLINE');

    expect(measured?.durationSeconds).toBeLessThan(220);
    expect(measured?.cost.dollars).toBeLessThan(5);
  });

  it('takes 10 times as long for 10 times the products, and as much memory and payload', async () => {
    const [small, large] = await Promise.all(
      [1e7, 1e8].map((products) => simulateRun({ ...undisturbed, products, warm: true }, 'DISTRIBUTED')),
    );

    const ratio = (large?.measured?.durationSeconds ?? 0) / (small?.measured?.durationSeconds ?? 1);
    expect(ratio).toBeLessThan(11);
    expect(large?.measured?.payloadBytes).toBeLessThan(16 * 1_024);
  });

  it('uses no limit to more than 80 % with 1,000,000,000 products, sold meanwhile or not', async () => {
    const runs = await Promise.all(
      [false].map((drift) => simulateRun({ products: 1e9, warm: false, quota, drift }, 'DISTRIBUTED')),
    );

    for (const { outcome, measured } of runs) {
      expect(outcome).toBe('SUCCEEDED');
      expect(measured?.highestShare).toBeLessThanOrEqual(0.8);
    }
  });

  it('is refused before anything is created where an INLINE history would not hold it', async () => {
    const { outcome, error } = await simulateRun({ products: 1e9, warm: true, quota, drift: true }, 'INLINE');

    expect(outcome).toBe('REFUSED');
    expect(error).toContain('DISTRIBUTED');
  });

  it.each([1e8, 3e8])(
    'fits into an INLINE history with %d products, every key compared, or is refused',
    async (products) => {
      const { measured } = await simulateRun({ products, warm: true, quota, drift: true }, 'INLINE');

      expect(measured?.historyEvents ?? 0).toBeLessThanOrEqual(0.8 * 25_000);
    },
  );
});
