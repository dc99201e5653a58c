import { describe, expect, it } from 'vitest';
import { readPace } from '../../../functions/shared/copy/read-pace.ts';

/** A clock that moves when somebody waits. */
function waitingClock() {
  let now = 1_000;
  const waits: number[] = [];
  return {
    waits,
    now: () => now,
    sleep: async (millis: number) => {
      waits.push(millis);
      now += millis;
    },
  };
}

const paceOf = (unitsPerSecond: number, unitsPerItem?: number, deadline = Number.MAX_SAFE_INTEGER) => {
  const clock = waitingClock();
  return { clock, pace: readPace({ unitsPerSecond: () => unitsPerSecond, unitsPerItem, clock, deadline }) };
};

describe('the pace of a Scan worker', () => {
  it('sets no limit and never waits without a cap', async () => {
    const { pace, clock } = paceOf(0);
    pace.charge({ readUnits: 256, items: 1_000 });
    await pace.wait();
    expect([pace.limit(), clock.waits]).toEqual([undefined, []]);
  });
  it('begins with a small page to measure', () => {
    expect(paceOf(25).pace.limit()).toBe(100);
    expect(paceOf(25, 0.25).pace.limit()).toBe(100);
  });
  it('begins with a smaller one when the items are known to be large', () => {
    expect(paceOf(25, 100).pace.limit()).toBe(1);
    expect(paceOf(25, 1).pace.limit()).toBe(25);
  });
  it('then lets a page cost at most one second of the share', () => {
    const { pace } = paceOf(25);
    pace.charge({ readUnits: 25, items: 100 });
    expect(pace.limit()).toBe(100);
    pace.charge({ readUnits: 25, items: 10 });
    expect(pace.limit()).toBe(10);
    pace.charge({ readUnits: 100, items: 1 });
    expect(pace.limit()).toBe(1);
  });
  it('waits until a page is paid for, and stays at the share over time', async () => {
    const { pace, clock } = paceOf(50);
    const startedAt = clock.now();
    for (let page = 0; page < 20; page += 1) {
      await pace.wait();
      pace.charge({ readUnits: 50, items: 200 });
    }
    expect(clock.now() - startedAt).toBe(19_000);
  });
  it('saves nothing up while it was held up', async () => {
    const { pace, clock } = paceOf(10);
    await clock.sleep(60_000);
    pace.charge({ readUnits: 10, items: 40 });
    await pace.wait();
    expect(clock.waits.at(-1)).toBe(1_000);
  });
  it('waits no longer than to the deadline', async () => {
    const { pace, clock } = paceOf(1, 1, 3_000);
    pace.charge({ readUnits: 256, items: 1 });
    await pace.wait();
    expect(clock.now()).toBe(3_000);
  });
  it.each([0.5, 0.125, 1, 1.25])(
    'reads at a share of %d units a second, a fraction too, without making pages of single items',
    async (share) => {
      const { pace, clock } = paceOf(share);
      const startedAt = clock.now();
      const unitsPerItem = 1 / 16;
      let items = 0;
      let units = 0;
      for (let page = 0; page < 60; page += 1) {
        await pace.wait();
        const limit = pace.limit() ?? 0;
        const readUnits = Math.ceil(limit * unitsPerItem);
        expect(readUnits).toBeLessThanOrEqual(Math.max(2, Math.ceil(share)));
        pace.charge({ readUnits, items: limit });
        items += limit;
        units += readUnits;
      }
      await pace.wait();
      expect(units / ((clock.now() - startedAt) / 1_000)).toBeCloseTo(share, 6);
      expect(items / units).toBeGreaterThan(0.7 * 16);
    },
  );
  it('pays what is owed at a new share, within a second of its change', async () => {
    const clock = waitingClock();
    const pace = readPace({
      unitsPerSecond: () => (clock.now() < 2_500 ? 1 : 100),
      clock,
      deadline: Number.MAX_SAFE_INTEGER,
    });
    pace.charge({ readUnits: 102, items: 1 });
    await pace.wait();
    expect(clock.now()).toBeLessThan(4_000);
  });
  it('measures with a page of at most a few units when the share is small', () => {
    expect(paceOf(0.5).pace.limit()).toBe(4);
  });
});
