import { type CreateGlobalSecondaryIndexAction, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import type { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { catchingUpWarnings } from '../../../functions/complete-run/catching-up.ts';
import { readRecords } from '../../../functions/shared/ledger/run-records.ts';
import type { Shard } from '../../../functions/shared/ledger/shard.ts';
import { countOver } from '../../../functions/shared/runs/count-shards.ts';
import type { Runtime, Turn } from '../../../functions/shared/runtime.ts';
import type { WorkerInput, WorkerOutput } from '../../../functions/shared/state.ts';
import { compareShard } from '../../../functions/verify-migration/compare-shard.ts';
import { scanSegment } from '../../../functions/verify-migration/scan-segment.ts';
import { drive, longTurn } from '../files/backup-bench.ts';
import { readUndo } from '../../../functions/shared/files/undo-file.ts';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import { type WireItem, wireItem } from '../../../functions/shared/items/wire-item.ts';
import {
  changeSource,
  type MigrateBench,
  migrateBench,
  noted,
  replacing,
  secondRun,
  sizedProduct,
  sizedProducts,
  snapshot,
  targetKey,
  targetName,
} from './migrate-bench.ts';
import { keyOfSpec } from '../../../functions/shared/migration/table-spec.ts';
import { productsEnhancedTable } from '../../../functions/migrations/shop/tables/products-enhanced.ts';

const TARGET_KEY = keyOfSpec(productsEnhancedTable);

let bench: MigrateBench;
afterEach(() => bench.stop());

/** A worker that dies when it is about to save its checkpoint. */
function withoutCheckpoints(runtime: Runtime): Runtime {
  const client = Object.assign(Object.create(runtime.ledger.client), {
    send: (command: GetCommand) =>
      command.constructor.name === 'PutCommand'
        ? Promise.reject(new Error('killed'))
        : runtime.ledger.client.send(command),
  });
  return { ...runtime, ledger: { ...runtime.ledger, client } };
}

/** A checkpoint of nothing. */
async function emptyShard(): Promise<Shard> {
  const shard = await bench.shard();
  if (shard === undefined) throw new Error('There is no checkpoint.');
  return { ...shard, counters: {}, samples: {} };
}

/** Loses the answers to these successful updates of items, by number from 1. @returns tells which were lost */
function loseUpdates(...numbers: readonly number[]): () => readonly number[] {
  let count = 0;
  const lost: number[] = [];
  bench.runtime.clients.dynamo.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const answer = await next(args);
        if (commandName !== 'UpdateItemCommand') return answer;
        count += 1;
        if (!numbers.includes(count)) return answer;
        lost.push(count);
        throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      },
    { step: 'initialize' },
  );
  return () => lost;
}

describe('replacing', () => {
  it('carries changed products over and leaves the others as they are', async () => {
    const second = await secondRun();
    bench = second.bench;
    const { run } = second;
    const before = await bench.target();
    await bench.migrate(run);
    const after = await bench.target();
    const replaced = [...after].filter(
      ([key, item]) => canonicalJson(item) !== canonicalJson(before.get(key) ?? {}),
    );
    expect(replaced.map(([, item]) => item.migrationRun)).toEqual(
      Array.from({ length: 4 }, () => ({ S: 'run-2' })),
    );
    expect(after.get(targetKey('VARIANT#PRO-M-P1-1DEE6E3EC6'))?.price).toEqual({ N: '17000' });
    expect(new Map(after).size).toBe(20);
    expect((await bench.shard(run))?.counters).toMatchObject({
      items: 20,
      alreadyPresent: 20,
      replaced: 4,
      keptChanged: 0,
    });
  });

  it('neither replaces nor removes what a run has written that began later', async () => {
    bench = await migrateBench({ products: [sizedProduct(0), sizedProduct(1)] });
    await bench.migrate();
    await changeSource(bench, sizedProduct(1, { price: { S: '170' }, sizes: { L: [{ S: 'S' }] } }));
    const before = await snapshot(bench);
    const planned = await bench.nextRun('plan', { ...replacing, startedAt: '2026-01-01T00:00:00.000Z' });
    await bench.migrate(planned);
    expect(await snapshot(bench)).toBe(before);
    expect((await bench.shard(planned))?.counters).toMatchObject({
      items: 7,
      alreadyPresent: 7,
      replaced: 0,
      staleRemoved: 0,
    });
  });

  it('keeps each item before it replaces it', async () => {
    const second = await secondRun();
    bench = second.bench;
    const { run } = second;
    const before = (await bench.target()).get(targetKey('VARIANT#PRO-S-P1-1DEE6E3EC6'));
    const order: string[] = [];
    bench.objects.afterPut = (key) => void order.push(key);
    await bench.migrate(run);
    const undo = await readUndo({ objects: bench.objects, runId: 'run-2', stem: '0-0' }, TARGET_KEY);
    expect(undo.size).toBe(4);
    expect(undo.get(targetKey('VARIANT#PRO-S-P1-1DEE6E3EC6'))).toEqual(before);
    expect(order).toEqual(['runs/run-2/undo/0-0-0.jsonl']);
  });

  it('replaces nothing when the old items cannot be kept', async () => {
    const second = await secondRun();
    bench = second.bench;
    const { run } = second;
    const before = await snapshot(bench);
    bench.objects.beforePut = () => {
      throw new Error('no bucket');
    };
    await expect(bench.migrate(run)).rejects.toThrow('no bucket');
    expect(await snapshot(bench)).toBe(before);
  });

  it('leaves an item alone that the shop has changed, and names it', async () => {
    const second = await secondRun();
    bench = second.bench;
    const { run } = second;
    const item = (await bench.target()).get(targetKey('VARIANT#PRO-M-P1-1DEE6E3EC6')) ?? {};
    await bench.put(wireItem([...Object.entries(item), ['stockQuantity', { N: '3' }]]));
    await bench.migrate(run);
    expect((await bench.target()).get(targetKey('VARIANT#PRO-M-P1-1DEE6E3EC6'))).toMatchObject({
      stockQuantity: { N: '3' },
      price: { N: '16500' },
    });
    const shard = await bench.shard(run);
    expect(shard?.counters).toMatchObject({ items: 20, alreadyPresent: 20, replaced: 3, keptChanged: 1 });
    expect(shard?.samples).toEqual({ keptChanged: ['PRODUCT#p-1 / VARIANT#PRO-M-P1-1DEE6E3EC6'] });
  });

  it('leaves an item alone that the shop changes between the look and the write', async () => {
    const second = await secondRun();
    bench = second.bench;
    const { run } = second;
    const item = (await bench.target()).get(targetKey('VARIANT#PRO-M-P1-1DEE6E3EC6')) ?? {};
    bench.objects.afterPut = () =>
      bench.put(wireItem([...Object.entries(item), ['stockQuantity', { N: '3' }]]));
    await bench.migrate(run);
    expect((await bench.target()).get(targetKey('VARIANT#PRO-M-P1-1DEE6E3EC6'))).toMatchObject({
      stockQuantity: { N: '3' },
      price: { N: '16500' },
    });
    expect((await bench.shard(run))?.counters).toMatchObject({ replaced: 3, keptChanged: 1 });
  });

  it('keeps an attribute that the shop adds between the look and the write', async () => {
    const second = await secondRun();
    bench = second.bench;
    const { run } = second;
    const item = (await bench.target()).get(targetKey('VARIANT#PRO-M-P1-1DEE6E3EC6')) ?? {};
    bench.objects.afterPut = () => bench.put(noted(item));
    await bench.migrate(run);
    expect((await bench.target()).get(targetKey('VARIANT#PRO-M-P1-1DEE6E3EC6'))).toMatchObject({
      note: { S: 'changed by the shop' },
      price: { N: '17000' },
    });
  });

  it('counts replaced items once when a worker dies before its checkpoint', async () => {
    const second = await secondRun();
    bench = second.bench;
    const { run } = second;
    await expect(bench.migrate(run, withoutCheckpoints(bench.runtime))).rejects.toThrow('killed');
    expect(await bench.shard(run)).toBeUndefined();
    await bench.migrate(run);
    expect((await bench.shard(run))?.counters).toMatchObject({ items: 20, replaced: 4, alreadyPresent: 20 });
  });

  it('counts every replaced item, though answers are lost in two sets of one data file', async () => {
    const products = sizedProducts(60);
    bench = await migrateBench({ products });
    await bench.migrate();
    for (const index of products.keys())
      await changeSource(bench, sizedProduct(index, { price: { S: '170' } }));
    const run = await bench.nextRun('run-2', replacing);
    // 200 items are kept and replaced together.
    const lost = loseUpdates(5, 230);
    await bench.migrate(run);
    expect(lost()).toEqual([5, 230]);
    expect((await bench.shard(run))?.counters).toMatchObject({
      items: 300,
      alreadyPresent: 300,
      replaced: 240,
    });
  });

  it('names the item whose new version DynamoDB refuses, because the owner has added an index', async () => {
    bench = await migrateBench({ products: [sizedProduct(1, { brand: { S: 'Kala' } })] });
    await bench.migrate();
    const keys = ['PK', 'SK', 'brand'].map(
      (AttributeName) => ({ AttributeName, AttributeType: 'S' }) as const,
    );
    const index: CreateGlobalSecondaryIndexAction = {
      IndexName: 'byBrand',
      KeySchema: [{ AttributeName: 'brand', KeyType: 'HASH' }],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    };
    await bench.runtime.clients.dynamo.send(
      new UpdateTableCommand({
        TableName: targetName,
        AttributeDefinitions: keys,
        GlobalSecondaryIndexUpdates: [{ Create: index }],
      }),
    );
    await changeSource(bench, sizedProduct(1, { brand: { N: '5' } }));
    const run = await bench.nextRun('run-2', replacing);
    await expect(bench.migrate(run)).rejects.toMatchObject({
      name: 'ItemRefusedError',
      message: expect.stringMatching(
        /^DynamoDB refuses item PRODUCT#p-1 \/ METADATA of table products-enhanced, made from product p-1, .*brand/,
      ),
    });
  });

  it('leaves an item alone that has more attributes than a condition can name', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 150 }, (_, index) => [`a${index}`, { N: String(index) }]),
    );
    bench = await migrateBench({ products: [sizedProduct(1, many)] });
    await bench.migrate();
    await changeSource(bench, sizedProduct(1, { ...many, name: { S: 'Renamed' } }));
    const run = await bench.nextRun('run-2', replacing);
    await bench.migrate(run);
    expect((await bench.target()).get(targetKey('METADATA'))).toMatchObject({ name: { S: 'Product 1' } });
    const shard = await bench.shard(run);
    expect(shard?.samples).toEqual({ keptTooLarge: ['PRODUCT#p-1 / METADATA'] });
    expect(shard?.counters).toMatchObject({ keptChanged: 0, keptTooLarge: 1 });
    const { runId, executionArn } = run;
    const compare = (input: WorkerInput, turn: Turn): Promise<WorkerOutput> =>
      compareShard(bench.runtime, input, turn);
    await drive(compare, { runId, executionArn, shard: 0 }, longTurn);
    const { shards } = await readRecords(bench.runtime.ledger, runId);
    expect(shards.get('CompareByKey')?.[0]?.counters).toMatchObject({ presentDifferent: 1 });
    expect(catchingUpWarnings(bench.runtime, run, { shards })).toEqual([
      '1 item was left alone, because it has more attributes than a condition can name: PRODUCT#p-1 / METADATA.',
    ]);
  });

  it('counts an item once that no condition can name and that its product no longer has', async () => {
    const many = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`a${index}`, { N: '1' }]));
    const variant = (sku: string): WireItem => ({ sku: { S: sku }, size: { S: sku }, price: { S: '10' } });
    const made = (...all: readonly WireItem[]): WireItem =>
      sizedProduct(1, { variants: { L: all.map((M) => ({ M })) } });
    bench = await migrateBench({ products: [made({ ...variant('BIG'), ...many }, variant('SMALL'))] });
    await bench.migrate();
    await changeSource(bench, made(variant('SMALL')));
    const run = await bench.nextRun('run-2', replacing);
    await bench.migrate(run);
    const { runId, executionArn } = run;
    const scan = (input: WorkerInput, turn: Turn): Promise<WorkerOutput> =>
      scanSegment(bench.runtime, input, turn);
    for (const shard of run.plan.segments) await drive(scan, { runId, executionArn, shard }, longTurn);
    const { shards } = await readRecords(bench.runtime.ledger, runId);
    expect(countOver(shards, 'VerifyMigration', 'staleVariants')).toBe(1);
    expect(catchingUpWarnings(bench.runtime, run, { shards })).toEqual([
      '1 item was left alone, because it has more attributes than a condition can name: PRODUCT#p-1 / VARIANT#BIG.',
    ]);
  });

  it('does not advise to replace where items stay that a product no longer has', async () => {
    const second = await secondRun();
    bench = second.bench;
    const shard = {
      ...(await emptyShard()),
      counters: { staleVariants: 1 },
      samples: { staleVariants: ['PRODUCT#p-1 / VARIANT#OLD'] },
    };
    const shards = new Map([['VerifyMigration', [shard]]] as const);
    expect(catchingUpWarnings(bench.runtime, second.run, { shards })).toEqual([
      expect.stringMatching(/VARIANT#OLD\. "replace" left alone what others or a later run wrote/),
    ]);
  });
});
