import { describe, expect, it } from 'vitest';
import { doublingMillis, onDemandCapacity } from '../../../workflow/simulate/on-demand-capacity.ts';
import { backOffEfficiency, sharedTable } from '../../../workflow/simulate/shared-table.ts';
import { createVirtualClock } from '../../../workflow/simulate/virtual-clock.ts';

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

describe('sharedTable', () => {
  it('gives everybody what they ask for while there is enough', async () => {
    const clock = createVirtualClock();
    const table = sharedTable(clock, onDemandCapacity(newTable));
    const flow = { units: 10_000, perSecond: 1_000, until: Number.POSITIVE_INFINITY };

    const done = await clock.run(() => Promise.all([table.transfer(flow), table.transfer(flow)]));

    expect(done.map(Math.round)).toEqual([10_000, 10_000]);
    expect(clock.now()).toBeCloseTo(10_000, 0);
    expect(table.peakPerSecond).toBe(2_000);
  });

  it('shares what there is when they ask for more, and keeps a small one whole', async () => {
    const clock = createVirtualClock();
    const table = sharedTable(clock, onDemandCapacity({ ...newTable, quota: 4_000 }));
    const until = 10_000;

    const done = await clock.run(() =>
      Promise.all([
        table.transfer({ units: 1e9, perSecond: 5_000, until }),
        table.transfer({ units: 1e9, perSecond: 5_000, until }),
        table.transfer({ units: 1e9, perSecond: 100, until }),
      ]),
    );

    const rest = (4_000 * backOffEfficiency - 100) / 2;
    expect(done.map(Math.round)).toEqual([rest * 10, rest * 10, 1_000]);
  });

  it('goes on quicker when the table has grown', async () => {
    const clock = createVirtualClock();
    const table = sharedTable(clock, onDemandCapacity(newTable));
    const units = 3_600 * 1_800 + 7_200 * 0.9 * 1_000;

    await clock.run(() => table.transfer({ units, perSecond: 40_000, until: Number.POSITIVE_INFINITY }));

    expect(clock.now() / 1_000).toBeCloseTo(1_800 + 1_000, 0);
  });
});
