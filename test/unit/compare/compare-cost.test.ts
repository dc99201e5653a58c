import { afterEach, describe, expect, it } from 'vitest';
import { listShards } from '../../../functions/shared/ledger/shard.ts';
import { sizedProduct, sizedProducts } from '../migrate/migrate-bench.ts';
import { type CompareBench, compareBench, type Gate } from './compare-bench.ts';
import { SOURCE } from './drift.ts';

let world: CompareBench;
afterEach(() => world.bench.stop());

/** Requests of a whole compare, by operation. */
async function requestsOf(count: number, changed: number): Promise<Record<string, number>> {
  world = await compareBench({ items: sizedProducts(count), plan: { segments: [0] } });
  for (let id = 0; id < changed; id += 1) await world.put(SOURCE, sizedProduct(id, { price: { S: '170' } }));
  const requests: Record<string, number> = {};
  const gate: Gate = (operation, send) => {
    requests[operation] = (requests[operation] ?? 0) + 1;
    return send();
  };
  const gated = await world.gated(gate);
  await world.compare({ runtime: { ...gated, ledger: world.runtime.ledger } });
  await world.bench.stop();
  return requests;
}

describe('what a compare costs', () => {
  it('is a request for every hundred target items, twice, and nothing for each source item', async () => {
    expect(await requestsOf(200, 0)).toMatchObject({ BatchGetItem: 200 / 20 + 1_000 / 100 });
  });

  it('grows with the table, and with what differs', async () => {
    const [small, large] = [await requestsOf(100, 10), await requestsOf(200, 20)];
    for (const operation of ['BatchGetItem', 'Query', 'GetItem', 'UpdateItem'])
      expect([operation, large[operation]]).toEqual([operation, 2 * (small[operation] ?? 0)]);
  });

  it('stays inside the cap of each table, whatever reads it', async () => {
    const readUnitsPerSecond = 300;
    const plan = { segments: [0], readUnitsPerSecond, workers: 1 };
    world = await compareBench({ items: sizedProducts(60), plan });
    const started = Date.now();
    await world.map('source');
    await world.map('target');
    const seconds = (Date.now() - started) / 1_000;
    const shards = [
      ...(await listShards(world.runtime.ledger, world.run.runId, 'CompareSource')),
      ...(await listShards(world.runtime.ledger, world.run.runId, 'CompareTarget')),
    ];
    const units = shards.reduce((sum, { counters }) => sum + (counters['readUnits'] ?? 0), 0);
    // Two tables, and of each the last page, which nobody waits for.
    expect(units).toBeLessThanOrEqual(2 * readUnitsPerSecond * (seconds + 1));
    expect(units).toBeGreaterThan(300);
  });
});
