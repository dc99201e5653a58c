import { describe, expect, it } from 'vitest';
import { RunClosedError } from '../../../functions/shared/errors.ts';
import { createRate, type RateOptions } from '../../../functions/shared/copy/rate.ts';

/** A rate at a clock that only the test and the rate's own pauses move. */
function rateAt(options: Omit<RateOptions, 'clock' | 'deadline'> & { readonly deadline?: number }) {
  let now = 0;
  const rate = createRate({
    deadline: Number.POSITIVE_INFINITY,
    ...options,
    clock: { now: () => now, sleep: async (millis) => void (now += millis) },
  });
  /** Milliseconds that these units had to wait for. */
  const take = async (units: number): Promise<number> => {
    const before = now;
    await rate.take(units);
    return now - before;
  };
  const pass = (millis: number): void => void (now += millis);
  /** The limit in units a second, as it is after another second without a request. */
  const limit = async (expected: number): Promise<number> => {
    pass(1_000);
    // What a rate has not spent of the last 100 ms is still there; a limit twice as high would not be waited for.
    await rate.take(expected * 0.2);
    const waited = await take(0);
    if (waited === 0) throw new Error(`The limit is twice ${expected} units a second, or more.`);
    return (expected * 0.2 * 1_000) / (waited + 100);
  };
  return { rate, take, pass, limit };
}

/** Answers of one second, in which so many units were charged for requests of so many. */
function serve(
  { rate, pass }: Pick<ReturnType<typeof rateAt>, 'rate' | 'pass'>,
  { units, requests = 10 }: { readonly units: number; readonly requests?: number },
): void {
  for (let request = 0; request < requests; request += 1) {
    pass(1_000 / requests);
    rate.charge({ taken: units / requests, charged: units / requests });
  }
}

describe('a cap that an operator changes', () => {
  it('counts within a second for what is waiting already', async () => {
    let cap = 1;
    const { rate, take, pass } = rateAt({ unitsPerSecond: () => cap });
    await take(100);
    const waiting = take(1);
    cap = 50;
    expect(await waiting).toBeLessThan(3_100);
    cap = 0;
    expect(await take(1_000)).toBe(0);
    cap = 10;
    await rate.take(10);
    pass(0);
    expect(await take(1)).toBeGreaterThan(800);
  });
});

describe('a wait for a run that is closed meanwhile', () => {
  it('ends within a second, and so do all waits behind it', async () => {
    let isClosed = false;
    const throwIfClosed = (): void => {
      if (isClosed) throw new RunClosedError('closed');
    };
    const { rate, take } = rateAt({ unitsPerSecond: 1, throwIfClosed });
    await take(10);
    const waits = Promise.allSettled([take(1), rate.take(1), rate.take(1)]);
    isClosed = true;
    expect((await waits).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });
});

describe('a share of 100 units a second', () => {
  it('is waited for, unit by unit', async () => {
    const { take } = rateAt({ unitsPerSecond: 100 });
    expect([await take(100), await take(50), await take(25), await take(0)]).toEqual([0, 1_000, 500, 250]);
  });
  it('keeps a tenth of a second of what was not spent, and no more', async () => {
    const { take, pass } = rateAt({ unitsPerSecond: 100 });
    pass(5_000);
    expect([await take(10), await take(1), await take(0)]).toEqual([0, 0, 10]);
  });
  it('is corrected by what was charged', async () => {
    const { rate, take } = rateAt({ unitsPerSecond: 100 });
    await take(10);
    rate.charge({ taken: 10, charged: 30 });
    expect(await take(10)).toBe(300);
    rate.charge({ taken: 10, charged: 5 });
    expect(await take(0)).toBe(50);
  });
  it('is not given back for what was refused', async () => {
    const { rate, take } = rateAt({ unitsPerSecond: 100 });
    await take(10);
    rate.charge({ taken: 10, charged: 2, isRefused: true });
    expect(await take(0)).toBe(100);
  });
  it('is not waited for beyond the deadline', async () => {
    const { take } = rateAt({ unitsPerSecond: 100, deadline: 400 });
    await take(100);
    expect([await take(100), await take(100)]).toEqual([400, 0]);
  });
});

describe('without a share', () => {
  it('nothing is waited for before the first throttle', async () => {
    const { rate, take } = rateAt({ unitsPerSecond: 0 });
    expect(await take(1_000_000)).toBe(0);
    rate.charge({ taken: 1, charged: 1_000_000 });
    expect(await take(1_000_000)).toBe(0);
  });
  it('a beginning doubles every 200 ms', async () => {
    const { take } = rateAt({ unitsPerSecond: 0, firstUnitsPerSecond: 100 });
    await take(20);
    expect(await take(20)).toBe(200);
    expect(await take(0)).toBe(100);
  });
  it('a beginning never goes beyond a share', async () => {
    const { take } = rateAt({ unitsPerSecond: 150, firstUnitsPerSecond: 100 });
    await take(100);
    await take(150);
    expect(await take(0)).toBe(1_000);
  });
});

describe('a throttled rate', () => {
  /** One throttle after a second in which the whole share was served. */
  const throttledOnce = (units = 1_000) => {
    const world = rateAt({ unitsPerSecond: 1_000 });
    serve(world, { units });
    world.rate.throttled();
    return world;
  };

  it('goes 15 % below 95 % of what it was, and is back there after two seconds', async () => {
    const world = throttledOnce();
    // 950 (1 - 0.15 (1 - t / 2)³)
    expect(await world.limit(932)).toBeCloseTo(950 * (1 - 0.15 / 8), 0);
    const later = throttledOnce();
    later.pass(1_000);
    expect(await later.limit(950)).toBeCloseTo(950, 5);
  });
  it('rises beyond what it was when nothing is refused, up to its share', async () => {
    const world = throttledOnce();
    world.pass(60_000);
    expect(await world.limit(1_000)).toBeCloseTo(1_000, 5);
  });
  it('goes by what was served where that was far below the limit', async () => {
    const world = throttledOnce(400);
    expect(await world.limit(373)).toBeCloseTo(380 * (1 - 0.15 / 8), 0);
  });
  it('goes by the limit where nearly all of it was served', async () => {
    const world = throttledOnce(720);
    expect(await world.limit(932)).toBeCloseTo(950 * (1 - 0.15 / 8), 0);
  });
  it('takes one step for the throttles of half a second', async () => {
    const world = throttledOnce();
    world.pass(499);
    world.rate.throttled();
    world.pass(-499);
    expect(await world.limit(932)).toBeCloseTo(950 * (1 - 0.15 / 8), 0);
  });
  it('takes no step in the first quarter of a second: that is too short to measure by', async () => {
    const { rate, take, pass } = rateAt({ unitsPerSecond: 1_000 });
    pass(249);
    rate.throttled();
    pass(1_000);
    await take(200);
    expect(await take(0)).toBe(100);
  });
  it('never goes below 50 units a second, nor below a tenth of a smaller share', async () => {
    for (const [share, least] of [
      [1_000, 50],
      [100, 10],
    ] as const) {
      const world = rateAt({ unitsPerSecond: share });
      for (let step = 0; step < 40; step += 1) {
        serve(world, { units: 0, requests: 20 });
        world.rate.throttled();
      }
      expect(await world.limit(least)).toBeGreaterThanOrEqual(least * 0.99);
      expect(await world.limit(least)).toBeLessThan(least * 1.3);
    }
  });
});
