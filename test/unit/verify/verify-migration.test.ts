import { afterEach, describe, expect, it } from 'vitest';
import { readRun, type Run } from '../../../functions/shared/ledger/run.ts';
import { listShards } from '../../../functions/shared/ledger/shard.ts';
import { combineDigests, EMPTY_DIGEST } from '../../../functions/shared/items/digest.ts';
import { type WireItem, wireItem } from '../../../functions/shared/items/wire-item.ts';
import { judgeDigests } from '../../../functions/verify-migration/judge-digests.ts';
import { scanSegment } from '../../../functions/verify-migration/scan-segment.ts';
import { drive, shortTurn, sourceTable } from '../files/backup-bench.ts';
import { awsError, sizedProduct, targetName } from '../migrate/migrate-bench.ts';
import { migration } from '../../../functions/migrations/shop/index.ts';
import { changed, threeSegments, type VerifyBench, verifyBench, wireKey } from './verify-bench.ts';

let bench: VerifyBench;
afterEach(() => bench.stop());

describe('a target that this run created', () => {
  it('is proved equal by its digest, and no key is compared', async () => {
    bench = await verifyBench(40);
    expect(await bench.verify()).toEqual({ byKey: false });
    expect(await bench.verification()).toEqual({
      expected: 200,
      found: 200,
      missing: 0,
      different: 0,
      extra: 0,
      changedSince: 0,
      drift: { added: 0, changed: 0, removed: 0 },
    });
  });

  it('is proved equal by workers that never have time, page by page', async () => {
    bench = await verifyBench(40);
    expect(await bench.verify({ turnOf: shortTurn, runtime: bench.pagesOf(7) })).toEqual({ byKey: false });
    const shards = await listShards(bench.runtime.ledger, bench.run.runId, 'VerifyMigration');
    const { expected } = (await readRun(bench.runtime.ledger, bench.run.runId)).rehearsal ?? {};
    expect(shards.some(({ turns }) => turns > 5)).toBe(true);
    expect(shards.reduce((sum, { counters }) => sum + (counters['targetItems'] ?? 0), 0)).toBe(200);
    expect(combineDigests(shards.map(({ digests }) => digests['target'] ?? EMPTY_DIGEST))).toEqual(expected);
  });

  it('is proved equal without a file of the backup being read, as the source has not changed either', async () => {
    bench = await verifyBench(40);
    const read: string[] = [];
    await bench.verify({ turnOf: shortTurn, runtime: bench.noting(read, bench.pagesOf(7)) });
    expect(read).toEqual([]);
    const shards = await listShards(bench.runtime.ledger, bench.run.runId, 'VerifyMigration');
    expect(shards.reduce((sum, { counters }) => sum + (counters['sourceItems'] ?? 0), 0)).toBe(40);
  });

  it('is proved equal under throttling, which is counted', async () => {
    bench = await verifyBench(40);
    let calls = 0;
    const throttling = bench.withItems({
      scanPage(request) {
        calls += 1;
        return calls % 2 === 1
          ? Promise.reject(awsError('ThrottlingException'))
          : bench.runtime.items.scanPage(request);
      },
    });
    expect(await bench.verify({ runtime: throttling })).toEqual({ byKey: false });
    const shards = await listShards(bench.runtime.ledger, bench.run.runId, 'VerifyMigration');
    expect(shards.reduce((sum, { counters }) => sum + (counters['throttles'] ?? 0), 0)).toBeGreaterThan(2);
  });

  it('is compared key by key when it differs, and what is wrong is named', async () => {
    bench = await verifyBench(10);
    await bench.removeFrom(targetName, wireKey('VARIANT#PRO-M-P1-1DEE6E3EC6'));
    await bench.put(changed(await bench.targetItem('METADATA', 'p-2')));
    await bench.put({ ...wireKey('VARIANT#MINE'), note: { S: 'somebody else’s' } });
    expect(await bench.verify()).toEqual({ byKey: true });
    expect(await bench.verification()).toMatchObject({ expected: 50, found: 50, extra: 1 });
    expect((await bench.samples()).extra).toEqual(['PRODUCT#p-1 / VARIANT#MINE']);
    const shard = await bench.compare();
    expect(shard?.counters).toMatchObject({
      expected: 50,
      found: 49,
      missing: 1,
      different: 1,
      changedSince: 0,
      alreadyPresent: 0,
    });
    expect(shard?.samples).toMatchObject({
      missing: ['PRODUCT#p-1 / VARIANT#PRO-M-P1-1DEE6E3EC6'],
      different: ['PRODUCT#p-2 / METADATA'],
    });
  });

  it('has an item too many even where all of them bear the run’s name', async () => {
    bench = await verifyBench(10);
    const item = await bench.targetItem('VARIANT#PRO-M-P1-1DEE6E3EC6');
    await bench.put(wireItem([...Object.entries(item), ['SK', { S: 'VARIANT#TWICE' }]]));
    expect(await bench.verify()).toEqual({ byKey: true });
    expect(await bench.verification()).toMatchObject({ expected: 50, found: 51, extra: 1 });
  });

  it('cannot be judged before every segment is scanned', async () => {
    bench = await verifyBench(10);
    const { runId, executionArn } = bench.run;
    await drive((input, turn) => scanSegment(bench.runtime, input, turn), { runId, executionArn, shard: 0 });
    await expect(judgeDigests(bench.runtime, bench.run)).rejects.toMatchObject({
      name: 'VerificationFailedError',
      message: expect.stringContaining('2 of its 3 segments were not scanned'),
    });
  });

  it('says so when the table has gone', async () => {
    bench = await verifyBench(3);
    const gone = bench.withItems({ scanPage: () => Promise.reject(awsError('ResourceNotFoundException')) });
    await expect(bench.verify({ runtime: gone })).rejects.toMatchObject({
      name: 'TableUnavailableError',
    });
  });

  it('is looked at again by an execution that resumes the run', async () => {
    bench = await verifyBench(10);
    await bench.verify();
    await bench.removeFrom(targetName, wireKey('METADATA'));
    const resumed = await bench.resume(bench.run);
    expect(await bench.verify({ run: resumed })).toEqual({ byKey: true });
    await bench.compare({ run: resumed });
    await bench.migrate(resumed);
  });

  it('is compared again after an earlier execution has left a comparison', async () => {
    bench = await verifyBench(10);
    await bench.compare();
    const resumed = await bench.resume(bench.run);
    expect(await bench.verify({ run: resumed })).toEqual({ byKey: true });
  });
});

describe('an existing target', () => {
  const mine: WireItem = { ...wireKey('VARIANT#PRO-M-P1-1DEE6E3EC6'), note: { S: 'mine' } };
  const other: WireItem = { ...wireKey('VARIANT#OTHER'), note: { S: 'mine' } };

  it('is compared key by key; what is the shop’s is no fault, and is not asked for at the source', async () => {
    bench = await verifyBench(10, threeSegments, [mine, other]);
    await bench.put(changed(await bench.targetItem('METADATA', 'p-2')));
    const asked: string[] = [];
    const spied = bench.withItems({
      batchGet(table, keys) {
        asked.push(table);
        return bench.runtime.items.batchGet(table, keys);
      },
    });
    expect(await bench.verify({ runtime: spied })).toEqual({ byKey: true });
    expect(asked).toEqual([]);
    const shard = await bench.compare();
    expect(shard?.counters).toMatchObject({
      expected: 50,
      found: 50,
      missing: 0,
      different: 0,
      changedSince: 1,
      alreadyPresent: 1,
    });
    expect(shard?.samples).toMatchObject({
      changedSince: ['PRODUCT#p-2 / METADATA'],
      missing: [],
      different: [],
    });
    expect(await bench.verification()).toMatchObject({ extra: 0 });
  });

  it('is compared by a worker that never has time, and under unprocessed keys', async () => {
    bench = await verifyBench(45, { segments: [0] }, []);
    await bench.removeFrom(targetName, wireKey('METADATA', 'p-7'));
    let calls = 0;
    const faulty = bench.withItems({
      async batchGet(table, keys) {
        calls += 1;
        const half = calls % 3 === 0 ? 1 : Math.ceil(keys.length / 2);
        const answer = await bench.runtime.items.batchGet(table, keys.slice(0, half));
        return { ...answer, unprocessedKeys: keys.slice(half) };
      },
    });
    const shard = await bench.compare({ runtime: faulty, turnOf: shortTurn });
    expect(shard?.turns).toBeGreaterThanOrEqual(3);
    expect(shard?.counters).toMatchObject({ expected: 225, found: 224, missing: 1, items: 225 });
    expect(shard?.samples?.['missing']).toEqual(['PRODUCT#p-7 / METADATA']);
  });
});

describe('products that the source had in an earlier run', () => {
  const gone = ['p-3', 'p-30', 'p-31'];

  /** A second run, after products were removed at the source. */
  async function afterRemoval(): Promise<Run> {
    bench = await verifyBench(40);
    for (const id of gone) await bench.removeFrom(sourceTable, { id: { S: id } });
    const run = await bench.nextRun('run-2');
    await bench.migrate(run);
    return run;
  }

  async function found(run: Run) {
    const shards = await listShards(bench.runtime.ledger, run.runId, 'VerifyMigration');
    const sum = (counter: string): number =>
      shards.reduce((total, { counters }) => total + (counters[counter] ?? 0), 0);
    return {
      shards,
      removedBefore: sum('removedBefore'),
      targetItems: sum('targetItems'),
      items: sum('items'),
      ids: shards.flatMap(({ samples }) => samples?.['removedAtSource'] ?? []).toSorted(),
    };
  }

  it('are named where they still stand in the target, and are no fault', async () => {
    const run = await afterRemoval();
    expect(await bench.verify({ run })).toEqual({ byKey: true });
    expect(await found(run)).toMatchObject({ removedBefore: 3, ids: gone, targetItems: 200, items: 237 });
    expect((await readRun(bench.runtime.ledger, run.runId)).verification).toMatchObject({
      extra: 0,
      drift: { added: 0, changed: 0, removed: 0 },
    });
    expect((await bench.target()).size).toBe(200);
  });

  it('are counted once by workers that never have time, and under unprocessed keys', async () => {
    const run = await afterRemoval();
    const faulty = bench.withItems({
      scanPage: (request) => bench.runtime.items.scanPage({ ...request, limit: 7 }),
      async batchGet(table, keys) {
        const half = Math.ceil(keys.length / 2);
        const answer = await bench.runtime.items.batchGet(table, keys.slice(0, half));
        return { ...answer, unprocessedKeys: keys.slice(half) };
      },
    });
    await bench.verify({ run, runtime: faulty, turnOf: shortTurn });
    const { shards, ...sums } = await found(run);
    expect(shards.some(({ turns }) => turns > 5)).toBe(true);
    expect(sums).toEqual({ removedBefore: 3, ids: gone, targetItems: 200, items: 237 });
  });

  it('are not those that a migration of another source has brought, which this source never had', async () => {
    bench = await verifyBench(40);
    await bench.begin('run-eu', {}, { sourceTable: 'products-eu' });
    const run = await bench.nextRun('run-2');
    await bench.migrate(run);
    const context = { runId: 'run-eu', startedAt: run.startedAt, settings: migration.settings };
    const made = migration.transform(sizedProduct(500), context);
    await bench.fill(targetName, made.kind === 'items' ? made.items.map(({ item }) => item) : []);
    await bench.verify({ run });
    expect(await found(run)).toMatchObject({ removedBefore: 0, ids: [] });
  });

  it('are found in segments of which the source has nothing, by workers that never have time', async () => {
    bench = await verifyBench(3, { segments: [0, 1, 2, 3, 4, 5, 6, 7] });
    await bench.removeFrom(sourceTable, { id: { S: 'p-1' } });
    const run = await bench.nextRun('run-2');
    await bench.migrate(run);
    await bench.verify({ run, runtime: bench.pagesOf(1), turnOf: shortTurn });
    expect(await found(run)).toMatchObject({ removedBefore: 1, ids: ['p-1'], targetItems: 15, items: 17 });
  });

  it('are looked for again, page and all, when the source could not be asked', async () => {
    const run = await afterRemoval();
    const failing = bench.withItems({
      batchGet: () => Promise.reject(awsError('InternalFailure')),
    });
    await expect(bench.verify({ run, runtime: failing })).rejects.toMatchObject({ name: 'InternalFailure' });
    await bench.verify({ run });
    expect(await found(run)).toMatchObject({ removedBefore: 3, ids: gone, targetItems: 200, items: 237 });
  });
});
