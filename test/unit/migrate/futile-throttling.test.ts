import { describe, expect, it } from 'vitest';
import { createRate } from '../../../functions/shared/copy/rate.ts';
import { seededRandom } from '../../../workflow/local/gateway/seeded-random.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

const BATCH_UNITS = 25;
const LATENCY_MILLIS = 10;
const SLOTS = 8;
const SECONDS = 30;

/** Units a second that one worker gets through when each request is refused by chance, however slowly it goes. */
async function unitsPerSecond(refusedPart: number): Promise<number> {
  const clock = createVirtualClock();
  const deadline = SECONDS * 1_000;
  const random = seededRandom(3);
  const pause = (millis: number): Promise<void> => clock.sleep(millis);
  const rate = createRate({ unitsPerSecond: 0, firstUnitsPerSecond: 1_000, clock, deadline });
  let units = 0;
  const slot = async (): Promise<void> => {
    while (clock.now() < deadline) {
      await rate.take(BATCH_UNITS);
      await pause(LATENCY_MILLIS);
      if (random() < refusedPart) rate.throttled();
      else {
        rate.charge({ taken: BATCH_UNITS, charged: BATCH_UNITS });
        units += BATCH_UNITS;
      }
    }
  };
  await clock.run(() => Promise.all(Array.from({ length: SLOTS }, slot)));
  return units / SECONDS;
}

describe('throttling that does not follow the rate', () => {
  it.each([
    [0.3, 175],
    [0.5, 125],
    [0.8, 10],
  ])(
    'of %d of all requests slows a worker down to %i units a second, but never to a standstill',
    async (part, least) => {
      expect(await unitsPerSecond(part)).toBeGreaterThan(least);
    },
  );

  it('waits for nothing when nothing is refused', async () => {
    expect(await unitsPerSecond(0)).toBeGreaterThan(15_000);
  });

  it('lets a worker begin no faster than it was told', async () => {
    const clock: VirtualClock = createVirtualClock();
    const rate = createRate({ unitsPerSecond: 0, firstUnitsPerSecond: 100, clock, deadline: 60_000 });
    const taken = await clock.run(async () => {
      let units = 0;
      for (; clock.now() < 190; units += BATCH_UNITS) await rate.take(BATCH_UNITS);
      return units;
    });
    expect(taken).toBeLessThan(100);
  });
});
