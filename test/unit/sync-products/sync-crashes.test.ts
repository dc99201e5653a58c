import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import type { Gate } from '../../support/ledger-world.ts';
import { openSyncBench, product, type SyncBench } from './sync-bench.ts';
import { fill, idOf, ids } from './troubles.ts';

let bench: SyncBench;
beforeAll(async () => void (bench = await openSyncBench()));
beforeEach(async () => {
  await bench.reset();
  await bench.begin();
});
afterAll(() => bench.world.stop());

const acknowledged = { failed: undefined };
describe('a function that is killed', () => {
  it('at any of its requests leaves a batch that the next delivery settles', async () => {
    for (let at = 1; ; at += 1) {
      const own = await fill(bench, `kill${at}-`);
      const { gate, isQuiet } = killingAt(at);
      const call = bench.call(own, { runtime: bench.world.runtime(gate) });
      const isOver = await Promise.race([call.then(() => true), isQuiet.then(() => false)]);
      expect(await bench.call(own)).toEqual(acknowledged);
      expect(await bench.differences()).toEqual([]);
      if (isOver) break;
      expect(at).toBeLessThan(80);
    }
  });
});

/** Answers nothing from the n-th request on: the sandbox is gone, and what was under way has reached its end. */
function killingAt(nth: number): { readonly gate: Gate; readonly isQuiet: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let [requests, underWay] = [0, 0];
  const look = (): void => {
    const before = requests;
    setTimeout(() => (underWay === 0 && requests === before ? resolve() : undefined), 5);
  };
  const gate: Gate = async (_operation, send) => {
    requests += 1;
    if (requests >= nth) {
      look();
      return new Promise(() => undefined);
    }
    underWay += 1;
    try {
      return await send();
    } finally {
      underWay -= 1;
      if (requests >= nth) look();
    }
  };
  return { gate, isQuiet: promise };
}

describe('two calls at once', () => {
  it.each([1, 2, 3, 4, 5, 6])('and a shop that goes on writing end in step, seed %i', async (seed) => {
    await fill(bench);
    let state = seed;
    const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const changes: WireItem[] = Array.from({ length: 12 }, (_, index) =>
      product(String(1 + (index % 4)), { price: { S: String(200 + index + seed) } }),
    );
    const shuffling: Gate = async (_operation, send) => {
      await new Promise((resolve) => setTimeout(resolve, random() * 8));
      return send();
    };
    const late: string[] = [];
    const shop = async (): Promise<void> => {
      for (const change of changes) {
        await new Promise((resolve) => setTimeout(resolve, random() * 10));
        await bench.putSource(change);
        late.push(idOf(change));
      }
    };
    const consumer = async (): Promise<void> => {
      for (let calls = 0; calls < 6; calls += 1)
        await bench.call([...ids, ...late.slice(-3)], { runtime: bench.gated(shuffling) });
    };
    await Promise.all([shop(), consumer(), consumer()]);
    // What the shop wrote last is delivered once more, twice, at once.
    await Promise.all([bench.call(late), bench.call(late)]);
    await bench.call([]);
    expect(await bench.pending()).toEqual([]);
    expect(await bench.differences()).toEqual([]);
  });
});
