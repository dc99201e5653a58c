import { describe, expect, it } from 'vitest';
import { createRate } from '../../../functions/shared/copy/rate.ts';
import { onDemandCapacity } from '../../support/on-demand-capacity.ts';
import type { VirtualClock } from '../../support/virtual-clock.ts';
import type { SimulatedTable } from '../../support/simulated-table.ts';
import { averageUnits, write, type TableParts } from './writing-workers.ts';

const partitionUnits = 1_000;
/** A new on-demand table: 4,000 units over four partitions. */
const newTable: TableParts = () => ({
  capacity: onDemandCapacity({ first: 4_000, quota: 40_000, partition: partitionUnits }),
  partitionUnits,
});
const provisionedTable =
  (capacity: number): TableParts =>
  () => ({ capacity });
const steady = { from: 10, to: 120 } as const;

describe('writing into a new on-demand table without a cap', () => {
  it.each([1, 5, 20, 40])(
    'gets 90 percent of what the table gives, and is told so rarely, with %d workers',
    async (workers) => {
      const { unitsBySecond, requests, throttles } = await write(newTable, { workers, seconds: 120 });

      expect(averageUnits(unitsBySecond, steady)).toBeGreaterThan(0.9 * 4_000);
      expect(throttles / requests).toBeLessThan(0.05);
    },
  );

  it('follows the table when it doubles, and doubles again', async () => {
    const growing: TableParts = () => {
      const doublingMillis = 60_000;
      const capacity = onDemandCapacity({
        first: 4_000,
        quota: 16_000,
        partition: partitionUnits,
        doublingMillis,
      });
      return { capacity, partitionUnits };
    };

    const { unitsBySecond, requests, throttles } = await write(growing, { workers: 20, seconds: 200 });

    expect(averageUnits(unitsBySecond, { from: 90, to: 115 })).toBeGreaterThan(0.9 * 7_600);
    expect(averageUnits(unitsBySecond, { from: 170, to: 200 })).toBeGreaterThan(0.9 * 14_500);
    expect(throttles / requests).toBeLessThan(0.05);
  });

  it('gets as much of items of two units', async () => {
    const { unitsBySecond } = await write(newTable, { workers: 20, seconds: 60, unitsPerItem: 2 });

    expect(averageUnits(unitsBySecond, { from: 10, to: 60 })).toBeGreaterThan(0.9 * 4_000);
  });
});

describe('a cap', () => {
  it.each([
    [100, 1],
    [500, 5],
    [2_000, 20],
    [10_000, 20],
  ])('of %d units is held within 10 percent by %d workers, in every ten seconds', async (cap, workers) => {
    const { unitsBySecond, throttles } = await write(provisionedTable(40_000), {
      workers,
      seconds: 60,
      capUnitsPerSecond: cap,
    });

    for (let from = 0; from < 60; from += 10) {
      const units = averageUnits(unitsBySecond, { from, to: from + 10 });
      expect(units).toBeGreaterThan(0.9 * cap);
      expect(units).toBeLessThan(1.1 * cap);
    }
    expect(throttles).toBe(0);
  });

  it.each([0.5, 0.05])('of %d units a second is a fraction, not a floor', async (cap) => {
    let now = 0;
    const clock = { now: () => now, sleep: async (millis: number) => void (now += millis) };
    const rate = createRate({ unitsPerSecond: cap, clock, deadline: Number.MAX_SAFE_INTEGER });
    for (let unit = 0; unit < 101; unit += 1) await rate.take(1);
    expect(100 / (now / 1_000)).toBeCloseTo(cap, 2);
  });

  it('is held for items that cost more than was thought', async () => {
    const { unitsBySecond } = await write(provisionedTable(40_000), {
      workers: 5,
      seconds: 60,
      capUnitsPerSecond: 1_000,
      unitsPerItem: 4,
    });

    expect(averageUnits(unitsBySecond, { from: 10, to: 60 })).toBeLessThan(1.1 * 1_000);
    expect(averageUnits(unitsBySecond, { from: 10, to: 60 })).toBeGreaterThan(0.9 * 1_000);
  });
});

/** A shop that writes single items evenly, and tries again 50 ms later what was refused; what it got by second. */
function shop(unitsPerSecond: number, seconds: { readonly from: number; readonly to: number }) {
  const unitsBySecond: number[] = [];
  let refused = 0;
  let asked = 0;
  const sell = async (table: SimulatedTable, clock: VirtualClock, key: string): Promise<void> => {
    for (let isDone = false; !isDone;) {
      const outcome = await table.write([{ key, units: 1 }]);
      asked += 1;
      isDone = outcome.refused.length === 0;
      if (!isDone) {
        refused += 1;
        await clock.sleep(50);
      }
    }
    const second = Math.floor(clock.now() / 1_000);
    unitsBySecond[second] = (unitsBySecond[second] ?? 0) + 1;
  };
  const beside = async (table: SimulatedTable, clock: VirtualClock): Promise<void> => {
    await clock.sleep(seconds.from * 1_000);
    const sales: Promise<void>[] = [];
    for (let index = 0; clock.now() < seconds.to * 1_000; index += 1) {
      sales.push(sell(table, clock, `shop-${index}`));
      await clock.sleep(1_000 / unitsPerSecond);
    }
    await Promise.all(sales);
  };
  return { beside, unitsBySecond, refusedPart: () => refused / asked };
}

describe('a second tenant of the table', () => {
  it('keeps its share when the migration was there first', async () => {
    const tenant = shop(1_000, { from: 30, to: 120 });

    const { unitsBySecond } = await write(provisionedTable(4_000), {
      workers: 20,
      seconds: 120,
      beside: tenant.beside,
    });

    expect(averageUnits(tenant.unitsBySecond, { from: 35, to: 119 })).toBeGreaterThan(0.95 * 1_000);
    expect(tenant.refusedPart()).toBeLessThan(0.1);
    expect(averageUnits(unitsBySecond, { from: 50, to: 119 })).toBeGreaterThan(0.9 * 3_000);
  });

  it('is not noticed by workers under a cap that leaves it room', async () => {
    const tenant = shop(1_000, { from: 0, to: 59 });

    const { unitsBySecond, throttles } = await write(provisionedTable(4_000), {
      workers: 20,
      seconds: 60,
      capUnitsPerSecond: 2_000,
      beside: tenant.beside,
    });

    expect(throttles).toBe(0);
    expect(tenant.refusedPart()).toBe(0);
    expect(averageUnits(unitsBySecond, { from: 0, to: 59 })).toBeGreaterThan(0.9 * 2_000);
  });
});
