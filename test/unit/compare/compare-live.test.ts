import { afterEach, describe, expect, it } from 'vitest';
import { openReconcile } from '../../../functions/shared/copy/reconcile/open-reconcile.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { followedRunOf, guardSync } from '../../../functions/shared/ledger/sync.ts';
import { listPending } from '../../../functions/shared/ledger/sync-records.ts';
import { seededRandom } from '../../../workflow/local/gateway/seeded-random.ts';
import { sizedProduct, sizedProducts } from '../migrate/migrate-bench.ts';
import { type CompareBench, compareBench } from './compare-bench.ts';
import { SOURCE, sizes } from './drift.ts';

let world: CompareBench;
afterEach(() => world.bench.stop());

const PRODUCTS = 12;
const CHANGES = 60;
const SIZES = ['S', 'M', 'L', 'XL', 'XXL'];

type Random = () => number;

/** Source keys that have changed and are not settled yet. */
interface Changes {
  readonly keys: WireItem[];
  isOver: boolean;
}

const pick = (random: Random, count: number): number => Math.floor(random() * count);

async function sell(random: Random, changes: Changes): Promise<void> {
  for (let n = 0; n < CHANGES; n += 1) {
    const id = pick(random, PRODUCTS);
    const key = { id: { S: `p-${id}` } };
    const more = {
      price: { S: String(100 + n) },
      ...sizes(...SIZES.slice(0, 1 + pick(random, SIZES.length))),
    };
    if (random() < 0.2) await world.remove(SOURCE, key).catch(() => undefined);
    else await world.put(SOURCE, sizedProduct(id, more));
    changes.keys.push(key);
  }
  changes.isOver = true;
}

/** What a mapping brings about: keys in any order, one in five twice, and again until they are settled. */
async function follow(random: Random, changes: Changes): Promise<void> {
  const { runtime, run } = world;
  const fence = guardSync(runtime.ledger, runtime.clock, run, Number.NEGATIVE_INFINITY);
  const scope = { run: followedRunOf(run), fence: () => fence.check(), deadline: Date.now() + 60_000 };
  const reconcile = openReconcile(runtime, { ...scope, readUnitsPerSecond: 0, writeUnitsPerSecond: 0 });
  while (!changes.isOver || changes.keys.length > 0) {
    const [key] = changes.keys.splice(pick(random, changes.keys.length), 1);
    if (key === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
    else {
      const cost = { readUnits: 0, writeUnits: 0, throttles: 0 };
      const { outcome } = await reconcile({ sourceKey: key, repair: true }, cost);
      if (outcome === 'pending' || random() < 0.2) changes.keys.push(key);
    }
  }
}

describe('a compare beside a shop that sells and a sync that follows it', () => {
  it.each([1, 2, 3])('leaves the target as the source says, seed %i', async (seed) => {
    world = await compareBench({ items: sizedProducts(PRODUCTS), plan: { segments: [0] } });
    const random = seededRandom(seed);
    const changes: Changes = { keys: [], isOver: false };
    const compares = async (): Promise<void> => {
      for (let n = 0; !changes.isOver; n += 1) {
        const run = await world.next(`compare-${n}`);
        expect(await world.compare({ run, runtime: world.pagesOf(7) })).toMatchObject({
          conflicts: 0,
          quarantined: 0,
        });
      }
    };
    await Promise.all([sell(random, changes), compares(), follow(random, changes), follow(random, changes)]);
    // What the compares have left to the sync, as its next call takes it up.
    const pending = await listPending(world.runtime.ledger, world.run.runId);
    await follow(random, { keys: pending.map(({ key }) => key), isOver: true });
    expect(await world.target()).toEqual(await world.expected());
    const run = await world.next('last');
    expect(await world.compare({ run })).toEqual({ differing: 0, repaired: 0, conflicts: 0, quarantined: 0 });
  });
});
