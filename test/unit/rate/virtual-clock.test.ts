import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../../support/virtual-clock.ts';

describe('createVirtualClock', () => {
  it('lets a day pass at once, in order', async () => {
    const clock = createVirtualClock(1_000);
    const seen: string[] = [];
    const wait = async (name: string, millis: number): Promise<void> => {
      await clock.sleep(millis);
      seen.push(`${name} at ${clock.now()}`);
    };

    await clock.run(() => Promise.all([wait('day', 86_400_000), wait('second', 1_000), wait('nothing', 0)]));

    expect(seen).toEqual(['nothing at 1000', 'second at 2000', 'day at 86401000']);
  });

  it('hands over what the work throws', async () => {
    const clock = createVirtualClock();

    const run = clock.run(() => Promise.reject(new Error('broken')));

    await expect(run).rejects.toThrow('broken');
  });

  it('says so when everybody waits for something that never comes', async () => {
    const clock = createVirtualClock();

    const run = clock.run(() => new Promise(() => undefined));

    await expect(run).rejects.toThrow('Everybody waits');
  });
});
