import { afterEach, describe, expect, it } from 'vitest';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { productsEnhancedTable } from '../../../functions/migrations/shop/tables/products-enhanced.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { migrateShard } from '../../../functions/migrate-products/migrate-shard.ts';
import { findShard, saveShard, type Shard } from '../../../functions/shared/ledger/shard.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { readRun } from '../../../functions/shared/ledger/run.ts';
import { productToItems } from '../../support/shop.ts';
import { transformContext } from '../../support/shop.ts';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import { keyIdentity } from '../../support/shop.ts';
import type { ItemJson, ItemTable } from '../../../functions/shared/aws/item-table.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { seededRandom } from '../../../workflow/local/gateway/seeded-random.ts';
import { product, shortTurn } from '../files/backup-bench.ts';
import {
  awsError,
  type MigrateBench,
  migrateBench,
  sizedProduct,
  sizedProducts,
  targetName,
} from './migrate-bench.ts';

let bench: MigrateBench;
afterEach(() => bench.stop());

/** What the target must hold, by key, in canonical JSON. */
function expected(products: readonly WireItem[]): ReadonlyMap<string, string> {
  const context = transformContext(bench.run);
  const items = products.flatMap((one) => {
    const result = productToItems(one, context);
    return result.kind === 'items' ? result.items : [];
  });
  return new Map(items.map((item) => [keyIdentity(item), canonicalJson(item)]));
}

const canonical = (items: ReadonlyMap<string, WireItem>): ReadonlyMap<string, string> =>
  new Map([...items].map(([key, item]) => [key, canonicalJson(item)]));

/** A runtime whose batches meet a fault before (or instead of) the engine. */
function withBatches(
  fault: (items: readonly ItemJson[], real: ItemTable) => ReturnType<ItemTable['batchPut']>,
): Runtime {
  const real = bench.runtime.items;
  return bench.withItems({ batchPut: (_, items) => fault(items, real) });
}

describe('a worker that is not alone at its shard', () => {
  /** Another worker's checkpoint, one save ahead. */
  async function otherSaves(change: Partial<Shard>): Promise<void> {
    const { ledger } = bench.runtime;
    const { runId } = bench.run;
    const saved = await findShard(ledger, runId, 'MigrateProducts', 0);
    const base = {
      state: 'MigrateProducts',
      shard: 0,
      done: false,
      turns: 1,
      counters: {},
      digests: {},
      startedAt: 1,
      updatedAt: 1,
      marks: [],
    } as const;
    await saveShard(ledger, {
      runId,
      shard: { ...base, ...change },
      previousVersion: saved?.version ?? 0,
      writer: 'the other',
    });
  }
  /** Each look at the clock is seconds later, so that no time has to pass. */
  const hurriedClock = () => {
    let now = Date.now();
    return { now: () => (now += 2_000) };
  };
  const turn = { remainingMillis: () => 3_600_000, requestId: 'late' };
  const call = (runtime: Runtime) => {
    const { runId, executionArn } = bench.run;
    return migrateShard(runtime, { runId, executionArn, shard: 0 }, turn);
  };

  it('returns when the other one has finished it', async () => {
    bench = await migrateBench({ products: sizedProducts(3) });
    const runtime = withBatches(async (items, real) => {
      await otherSaves({ done: true, counters: { items: 15 } });
      return real.batchPut(targetName, items);
    });
    expect(await call(runtime)).toMatchObject({ done: true, itemsDone: 15 });
  });
  it('is called again, and goes on, when the other one stands still', async () => {
    bench = await migrateBench({ products: sizedProducts(3) });
    const runtime = withBatches(async (items, real) => {
      await otherSaves({ counters: { items: 0 } });
      return real.batchPut(targetName, items);
    });
    expect(await call({ ...runtime, clock: hurriedClock() })).toMatchObject({ done: false });
    expect(await bench.migrate()).toMatchObject({ done: true, itemsDone: 15 });
  });
});

describe('a worker whose table somebody replaces in the middle of its turn', () => {
  it('sends it nothing more than 5 seconds later, and its error names both tables', async () => {
    bench = await migrateBench({ products: sizedProducts(60) });
    let [passed, replacedAt] = [0, Number.POSITIVE_INFINITY];
    const clock = { now: () => Date.now() + passed };
    const replace = async (): Promise<void> => {
      await bench.runtime.clients.dynamo.send(new DeleteTableCommand({ TableName: targetName }));
      await bench.createTable(createTableInput(productsEnhancedTable, { name: targetName, tags: {} }));
      replacedAt = clock.now();
      passed += 6_000;
    };
    let replaced: Promise<void> | undefined;
    const ages: number[] = [];
    const runtime = withBatches(async (items, real) => {
      ages.push(clock.now() - replacedAt);
      await (replaced ??= replace());
      return real.batchPut(targetName, items);
    });
    await expect(bench.migrate(bench.run, { ...runtime, clock })).rejects.toThrow(
      /^Table products-enhanced is not the one that this run began with: .* \(TableId \S+, and it was \S+\)\. This call sends nothing more to it\./,
    );
    expect(Math.max(...ages)).toBeLessThan(5_000);
  });
});

describe('a first run into a table of its own', () => {
  it('writes every item of every product and counts them', async () => {
    const products = [...sizedProducts(60), product(60)];
    bench = await migrateBench({ products });
    const output = await bench.migrate();
    expect(output).toMatchObject({ done: true, itemsDone: 302, turn: 1 });
    expect(canonical(await bench.target())).toEqual(expected(products));
    expect((await bench.shard())?.counters).toMatchObject({
      products: 61,
      items: 302,
      metadata: 61,
      variants: 241,
      alreadyPresent: 0,
      quarantined: 0,
      throttles: 0,
    });
  });

  it('leaves out what is in quarantine, and counts it', async () => {
    const products = [sizedProduct(1), { ...product(2), name: { NULL: true } }, sizedProduct(3)];
    bench = await migrateBench({ products, run: { parameters: { ...defaults, maxQuarantined: 1 } } });
    await bench.migrate();
    expect(canonical(await bench.target())).toEqual(expected(products));
    expect((await bench.shard())?.counters).toMatchObject({
      products: 3,
      metadata: 2,
      items: 10,
      quarantined: 1,
    });
  });

  it('is done at once with a backup of nothing', async () => {
    bench = await migrateBench({ products: [] });
    expect(await bench.migrate()).toMatchObject({ done: true, itemsDone: 0 });
  });

  it('does nothing when it is called again', async () => {
    bench = await migrateBench();
    await bench.migrate();
    const refuse = withBatches(() => Promise.reject(new Error('A finished shard was written again.')));
    expect(await bench.migrate(bench.run, refuse)).toMatchObject({ done: true, itemsDone: 60 });
  });

  it('loses nothing when 30 % of all items come back unprocessed and 30 % of all batches are throttled', async () => {
    const products = sizedProducts(300);
    bench = await migrateBench({ products });
    const random = seededRandom(42);
    const faulty = withBatches(async (items, real) => {
      if (random() < 0.3) throw awsError('ProvisionedThroughputExceededException');
      const taken = items.filter(() => random() >= 0.3);
      const { writeUnits } = taken.length > 0 ? await real.batchPut(targetName, taken) : { writeUnits: 0 };
      return { unprocessed: items.filter((item) => !taken.includes(item)), writeUnits };
    });
    await bench.migrate(bench.run, { ...faulty, random: () => 0 });
    expect(canonical(await bench.target())).toEqual(expected(products));
    expect((await bench.shard())?.counters).toMatchObject({ items: 1500, products: 300 });
    expect((await bench.shard())?.counters['throttles']).toBeGreaterThan(10);
  });

  it('takes a lost answer for what it is and writes the batch again', async () => {
    bench = await migrateBench();
    let lost = 0;
    const faulty = withBatches(async (items, real) => {
      const outcome = await real.batchPut(targetName, items);
      lost += 1;
      if (lost === 1) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      return outcome;
    });
    await bench.migrate(bench.run, faulty);
    expect(canonical(await bench.target())).toEqual(expected(sizedProducts(12)));
    expect((await bench.shard())?.counters).toMatchObject({ items: 60, alreadyPresent: 0 });
  });

  it('names the one item that DynamoDB refuses for good', async () => {
    bench = await migrateBench();
    const faulty = withBatches((items, real) =>
      items.some((item) => item.includes('VARIANT#PRO-L-P7-A8A56438D7'))
        ? Promise.reject(awsError('ValidationException', 'Too odd.'))
        : real.batchPut(targetName, items),
    );
    await expect(bench.migrate(bench.run, faulty)).rejects.toMatchObject({
      name: 'ItemRefusedError',
      message: expect.stringMatching(
        /PRODUCT#p-7 \/ VARIANT#PRO-L-P7-A8A56438D7 of table \S+, made from product p-7, for good \(Too odd\.\)\. .* or the transform\./,
      ),
    });
  });

  it('says so when the table has gone', async () => {
    bench = await migrateBench();
    const faulty = withBatches(() => Promise.reject(awsError('ResourceNotFoundException')));
    await expect(bench.migrate(bench.run, faulty)).rejects.toMatchObject({ name: 'TableUnavailableError' });
  });
});

const defaults = {
  dryRun: false,
  onFailure: 'rollback',
  maxQuarantined: 0,
  onExisting: 'keep',
  maxConcurrency: 4,
} as const;

describe('a worker that is short of time', () => {
  it('continues where it stopped, and writes nothing twice', async () => {
    const products = sizedProducts(12);
    bench = await migrateBench({ products, plan: { itemsPerFile: 5 } });
    const written: ItemJson[] = [];
    const counting = withBatches((items, real) => {
      written.push(...items);
      return real.batchPut(targetName, items);
    });
    const output = await bench.migrate(bench.run, counting, shortTurn);
    expect(output.turn).toBe(3);
    expect(written).toHaveLength(60);
    expect(canonical(await bench.target())).toEqual(expected(products));
    expect((await bench.shard())?.counters).toMatchObject({ items: 60, products: 12, writeUnits: 60 });
  });

  it('gives its turn up when DynamoDB lets nothing through, and has moved nothing', async () => {
    bench = await migrateBench();
    const faulty = withBatches((items) => Promise.resolve({ unprocessed: items, writeUnits: 0 }));
    await expect(bench.migrate(bench.run, faulty, shortTurn)).rejects.toMatchObject({
      name: 'ThrottlingException',
    });
    expect(await bench.shard()).toMatchObject({ done: false, turns: 0, counters: {} });
    await bench.migrate();
    expect(await bench.target()).toHaveProperty('size', 60);
  });

  it('saves what is complete when the rest is throttled until its time is up', async () => {
    bench = await migrateBench({ products: sizedProducts(30) });
    let [batches, passed] = [0, 0];
    const clock = {
      now: () => Date.now() + passed,
      sleep: async (millis: number) => void (passed += millis),
    };
    // The last three batches are refused, and sent again until the time is up.
    const faulty = withBatches((items, real) => {
      batches += 1;
      if (batches <= 3) return real.batchPut(targetName, items);
      passed += 100_000;
      return Promise.resolve({ unprocessed: items, writeUnits: 0 });
    });
    const turn = { remainingMillis: () => 600_000, requestId: 'one' };
    let turns = 0;
    const worker = bench.migrate({ ...bench.run }, { ...faulty, clock }, () => {
      turns += 1;
      if (turns > 1) throw new Error('enough');
      return turn;
    });
    await expect(worker).rejects.toThrow('enough');
    expect(batches).toBeGreaterThan(6);
    const shard = await bench.shard();
    expect(shard).toMatchObject({ done: false, counters: { items: 75 } });
    await bench.migrate();
    expect((await bench.shard())?.counters).toMatchObject({ products: 30, items: 150 });
    expect(await bench.target()).toHaveProperty('size', 150);
  });
});

describe('a worker that died', () => {
  it('is followed by one that starts at its checkpoint, and the counters count once', async () => {
    bench = await migrateBench({ products: sizedProducts(40), plan: { itemsPerFile: 10 } });
    let batches = 0;
    const dying = withBatches((items, real) => {
      batches += 1;
      return batches > 4 ? Promise.reject(new Error('killed')) : real.batchPut(targetName, items);
    });
    await expect(bench.migrate(bench.run, dying)).rejects.toThrow('killed');
    await bench.migrate();
    expect(canonical(await bench.target())).toEqual(expected(sizedProducts(40)));
    expect((await bench.shard())?.counters).toMatchObject({ products: 40, items: 200, variants: 160 });
  });

  it('leaves no request under way behind it', async () => {
    bench = await migrateBench({ products: sizedProducts(100) });
    let underWay = 0;
    let batches = 0;
    const slow = withBatches(async (items, real) => {
      batches += 1;
      if (batches === 3) throw new Error('killed');
      underWay += 1;
      await new Promise((resolve) => setTimeout(resolve, 30));
      const outcome = await real.batchPut(targetName, items);
      underWay -= 1;
      return outcome;
    });
    await expect(bench.migrate(bench.run, slow)).rejects.toThrow('killed');
    expect(underWay).toBe(0);
  });
});

describe('a run that is closed', () => {
  it('is not written for any more', async () => {
    bench = await migrateBench();
    const run = await readRun(bench.runtime.ledger, bench.run.runId);
    await transition(bench.runtime.ledger, { run, to: 'ROLLING_BACK', lock: 'keep', writer: 'test' });
    await expect(bench.migrate()).rejects.toMatchObject({ name: 'RunClosedError' });
    expect(await bench.target()).toHaveProperty('size', 0);
  });

  it('belongs to another execution: a late worker changes nothing', async () => {
    bench = await migrateBench();
    await expect(bench.migrate({ ...bench.run, executionArn: 'arn:other' })).rejects.toMatchObject({
      name: 'RunClosedError',
    });
  });
});
