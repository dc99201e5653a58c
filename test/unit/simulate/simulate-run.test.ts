import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { scaleSection, withScaleSection } from '../../../workflow/simulate/scale-section.ts';
import { simulateRun } from '../../../workflow/simulate/simulate-run.ts';

const quota = 40_000;
const undisturbed = { quota, existing: false } as const;

describe('a simulated run', () => {
  it('brings 1,000,000 products into a warm table in 200 seconds for less than 5 dollars, with 32 workers', async () => {
    const { measured } = await simulateRun(
      { ...undisturbed, products: 1e6, warm: true, workers: 32 },
      'INLINE',
    );

    expect(measured?.durationSeconds).toBeLessThan(200);
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

  it('uses no limit to more than 80 % with 1,000,000,000 products', async () => {
    const runs = await Promise.all(
      [false, true].map((warm) => simulateRun({ ...undisturbed, products: 1e9, warm }, 'DISTRIBUTED')),
    );

    for (const { outcome, measured } of runs) {
      expect(outcome).toBe('SUCCEEDED');
      expect(measured?.highestShare).toBeLessThanOrEqual(0.8);
    }
  });

  it('is refused before anything is created where an INLINE history would not hold it', async () => {
    const { outcome, error } = await simulateRun(
      { products: 1e9, warm: true, quota, existing: true },
      'INLINE',
    );

    expect(outcome).toBe('REFUSED');
    expect(error).toContain('DISTRIBUTED');
  });

  it.each([1e8, 3e8])(
    'fits into an INLINE history with %d products, every key compared, or is refused',
    async (products) => {
      const { measured } = await simulateRun({ products, warm: true, quota, existing: true }, 'INLINE');

      expect(measured?.historyEvents ?? 0).toBeLessThanOrEqual(0.8 * 25_000);
    },
  );
});

describe('the section "Scale" of workflow/README.md', () => {
  it('is what the simulation gives; npm run simulate -- --document workflow/README.md brings it up to date', async () => {
    const document = readFileSync('workflow/README.md', 'utf8');

    expect(document).toBe(withScaleSection(document, await scaleSection()));
  });
});
