import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import { readRun } from '../../../functions/shared/ledger/run.ts';
import { findShard, listShards } from '../../../functions/shared/ledger/shard.ts';
import type { Runtime, Turn } from '../../../functions/shared/runtime.ts';
import type { JudgedDigests, Plan } from '../../../functions/shared/state.ts';
import { keyIdentity } from '../../../functions/shared/tables/item-key.ts';
import { equalDigests } from '../../../functions/shared/wire/digest.ts';
import { type WireItem, wireItem } from '../../../functions/shared/wire/wire-item.ts';
import { compareShard } from '../../../functions/verify-migration/compare-shard.ts';
import { judgeDigests } from '../../../functions/verify-migration/judge-digests.ts';
import { scanSegment } from '../../../functions/verify-migration/scan-segment.ts';
import { drive, longTurn, shortTurn, sourceTable } from '../backup/backup-bench.ts';
import {
  awsError,
  changeSource,
  type MigrateBench,
  migrateBench,
  sizedProduct,
  sizedProducts,
  targetName,
} from '../migrate/migrate-bench.ts';

let bench: MigrateBench;
afterEach(() => bench.stop());

const segments = [0, 1, 2];
const threeSegments: Partial<Plan> = { segments };

/** As the Map does it: every segment, then the judgement. */
async function verify(
  run: Run = bench.run,
  { runtime = bench.runtime, turnOf = longTurn }: { runtime?: Runtime; turnOf?: () => Turn } = {},
): Promise<JudgedDigests> {
  const { runId, executionArn } = run;
  for (const shard of run.plan.segments) {
    await drive((input, turn) => scanSegment(runtime, input, turn), { runId, executionArn, shard }, turnOf);
  }
  return judgeDigests(runtime, { runId, executionArn });
}

async function compare(run: Run = bench.run, runtime = bench.runtime, turnOf = longTurn) {
  const { runId, executionArn } = run;
  await drive((input, turn) => compareShard(runtime, input, turn), { runId, executionArn, shard: 0 }, turnOf);
  return findShard(bench.runtime.ledger, runId, 'CompareByKey', 0);
}

async function removeFrom(tableName: string, key: Record<string, { S: string }>): Promise<void> {
  await bench.runtime.clients.dynamo.send(new DeleteItemCommand({ TableName: tableName, Key: key }));
}

const verificationOf = async (run: Run = bench.run) =>
  (await readRun(bench.runtime.ledger, run.runId)).verification;
const keyOf = (SK: string, id = 'p-1') => ({ PK: { S: `PRODUCT#${id}` }, SK: { S: SK } });
const samplesOf = async (run: Run = bench.run): Promise<Record<string, string[]>> => {
  const all: Record<string, string[]> = {};
  for (const { samples = {} } of await listShards(bench.runtime.ledger, run.runId, 'VerifyMigration')) {
    for (const [kind, keys] of Object.entries(samples))
      all[kind] = [...(all[kind] ?? []), ...keys].toSorted();
  }
  return all;
};

async function migrated(
  count: number,
  plan: Partial<Plan> = threeSegments,
  existing?: readonly WireItem[],
): Promise<void> {
  bench = await migrateBench({ products: sizedProducts(count), plan, ...(existing && { existing }) });
  await bench.migrate();
}

async function targetItem(SK: string, id?: string): Promise<WireItem> {
  return (await bench.target()).get(keyIdentity(keyOf(SK, id))) ?? {};
}

const changed = (item: WireItem, name: string): WireItem =>
  wireItem([...Object.entries(item), [name, { S: 'changed' }]]);

describe('a target that this run created', () => {
  it('is proved equal by its digest, and no key is compared', async () => {
    await migrated(40);
    expect(await verify()).toEqual({ byKey: false });
    expect(await verificationOf()).toEqual({
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
    await migrated(40);
    expect(await verify(bench.run, { turnOf: shortTurn, runtime: pagesOf(7) })).toEqual({ byKey: false });
    const shards = await listShards(bench.runtime.ledger, bench.run.runId, 'VerifyMigration');
    const { expected } = (await readRun(bench.runtime.ledger, bench.run.runId)).rehearsal ?? {};
    expect(shards.some(({ turns }) => turns > 5)).toBe(true);
    expect(shards.reduce((sum, { counters }) => sum + (counters['targetItems'] ?? 0), 0)).toBe(200);
    expect(expected !== undefined && equalDigests(expected, expected)).toBe(true);
  });

  it('is proved equal under throttling, which is counted', async () => {
    await migrated(40);
    let calls = 0;
    const throttling = bench.withItems({
      scanPage(request) {
        calls += 1;
        return calls % 2 === 1
          ? Promise.reject(awsError('ThrottlingException'))
          : bench.runtime.items.scanPage(request);
      },
    });
    expect(await verify(bench.run, { runtime: throttling })).toEqual({ byKey: false });
    const shards = await listShards(bench.runtime.ledger, bench.run.runId, 'VerifyMigration');
    expect(shards.reduce((sum, { counters }) => sum + (counters['throttles'] ?? 0), 0)).toBeGreaterThan(2);
  });

  it('is compared key by key where it differs, and what is wrong is named', async () => {
    await migrated(10);
    await removeFrom(targetName, keyOf('VARIANT#PRO-M-P1'));
    await bench.put(changed(await targetItem('METADATA', 'p-2'), 'note'));
    await bench.put({ ...keyOf('VARIANT#MINE'), note: { S: 'somebody else’s' } });
    expect(await verify()).toEqual({ byKey: true });
    expect(await verificationOf()).toMatchObject({ expected: 50, found: 50, extra: 1 });
    expect((await samplesOf()).extra).toEqual(['PRODUCT#p-1 / VARIANT#MINE']);
    const shard = await compare();
    expect(shard?.counters).toMatchObject({
      expected: 50,
      found: 49,
      missing: 1,
      different: 1,
      changedSince: 0,
      alreadyPresent: 0,
    });
    expect(shard?.samples).toMatchObject({
      missing: ['PRODUCT#p-1 / VARIANT#PRO-M-P1'],
      different: ['PRODUCT#p-2 / METADATA'],
    });
  });

  it('has an item too many even where all of them bear the run’s name', async () => {
    await migrated(10);
    const item = await targetItem('VARIANT#PRO-M-P1');
    await bench.put(wireItem([...Object.entries(item), ['SK', { S: 'VARIANT#TWICE' }]]));
    expect(await verify()).toEqual({ byKey: true });
    expect(await verificationOf()).toMatchObject({ expected: 50, found: 51, extra: 1 });
  });

  it('cannot be judged before every segment is scanned', async () => {
    await migrated(10);
    const { runId, executionArn } = bench.run;
    await drive((input, turn) => scanSegment(bench.runtime, input, turn), { runId, executionArn, shard: 0 });
    await expect(judgeDigests(bench.runtime, bench.run)).rejects.toMatchObject({
      name: 'VerificationFailedError',
      message: expect.stringContaining('2 of its 3 segments were not scanned'),
    });
  });

  it('says so when the table has gone', async () => {
    await migrated(3);
    const gone = bench.withItems({ scanPage: () => Promise.reject(awsError('ResourceNotFoundException')) });
    await expect(verify(bench.run, { runtime: gone })).rejects.toMatchObject({
      name: 'TableUnavailableError',
    });
  });

  it('is looked at again by an execution that resumes the run', async () => {
    await migrated(10);
    await verify();
    await removeFrom(targetName, keyOf('METADATA'));
    const resumed = await bench.resume(bench.run);
    expect(await verify(resumed)).toEqual({ byKey: true });
    await compare(resumed);
    await bench.migrate(resumed);
  });

  it('is compared again after an earlier execution has left a comparison', async () => {
    await migrated(10);
    await compare();
    const resumed = await bench.resume(bench.run);
    expect(await verify(resumed)).toEqual({ byKey: true });
  });
});

/** Scans in pages of so many items. */
function pagesOf(limit: number): Runtime {
  return bench.withItems({ scanPage: (request) => bench.runtime.items.scanPage({ ...request, limit }) });
}

describe('a target that was there before', () => {
  const mine: WireItem = { ...keyOf('VARIANT#PRO-M-P1'), note: { S: 'mine' } };
  const other: WireItem = { ...keyOf('VARIANT#OTHER'), note: { S: 'mine' } };

  it('is compared key by key and not scanned; what is the shop’s is no fault', async () => {
    await migrated(10, threeSegments, [mine, other]);
    await bench.put(changed(await targetItem('METADATA', 'p-2'), 'note'));
    const scanned: string[] = [];
    const spied = bench.withItems({
      scanPage(request) {
        scanned.push(request.tableName);
        return bench.runtime.items.scanPage(request);
      },
    });
    expect(await verify(bench.run, { runtime: spied })).toEqual({ byKey: true });
    expect(new Set(scanned)).toEqual(new Set([sourceTable]));
    const shard = await compare();
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
    expect(await verificationOf()).toMatchObject({ extra: 0 });
  });

  it('is compared by a worker that never has time, and under unprocessed keys', async () => {
    await migrated(45, { segments: [0] }, []);
    await removeFrom(targetName, keyOf('METADATA', 'p-7'));
    let calls = 0;
    const faulty = bench.withItems({
      async batchGet(table, keys) {
        calls += 1;
        const half = calls % 3 === 0 ? 1 : Math.ceil(keys.length / 2);
        const answer = await bench.runtime.items.batchGet(table, keys.slice(0, half));
        return { ...answer, unprocessedKeys: keys.slice(half) };
      },
    });
    const shard = await compare(bench.run, faulty, shortTurn);
    expect(shard?.turns).toBeGreaterThanOrEqual(3);
    expect(shard?.counters).toMatchObject({ expected: 225, found: 224, missing: 1, items: 225 });
    expect(shard?.samples?.['missing']).toEqual(['PRODUCT#p-7 / METADATA']);
  });
});

describe('drift of the source since its backup', () => {
  async function drift(): Promise<void> {
    await changeSource(bench, sizedProduct(3, { price: { S: '170' } }));
    await changeSource(bench, sizedProduct(100));
    await changeSource(bench, sizedProduct(101));
    await removeFrom(sourceTable, { id: { S: 'p-5' } });
  }
  const found = { added: 2, changed: 1, removed: 1 };

  it('is found product by product and named, and the target is right all the same', async () => {
    await migrated(40);
    await drift();
    expect(await verify()).toEqual({ byKey: false });
    expect(await verificationOf()).toMatchObject({ drift: found, missing: 0 });
    expect(await samplesOf()).toMatchObject({
      driftAdded: ['p-100', 'p-101'],
      driftChanged: ['p-3'],
      driftRemoved: ['p-5'],
    });
  });

  it('is found by workers that never have time, too', async () => {
    await migrated(40);
    await drift();
    await verify(bench.run, { turnOf: shortTurn, runtime: pagesOf(5) });
    expect(await verificationOf()).toMatchObject({ drift: found });
    expect(await samplesOf()).toMatchObject({
      driftAdded: ['p-100', 'p-101'],
      driftChanged: ['p-3'],
      driftRemoved: ['p-5'],
    });
  });

  it('stands beside what is compared key by key', async () => {
    await migrated(40, { segments: [0] }, []);
    await drift();
    expect(await verify()).toEqual({ byKey: true });
    expect((await compare())?.counters).toMatchObject({
      driftAdded: 2,
      driftChanged: 1,
      driftRemoved: 1,
      found: 200,
    });
  });

  it('is none where the source was only written again as it was', async () => {
    await migrated(10);
    await changeSource(bench, sizedProduct(3));
    await verify();
    expect(await verificationOf()).toMatchObject({ drift: { added: 0, changed: 0, removed: 0 } });
  });

  it('of everything is counted whole, with twenty names', async () => {
    await migrated(60, { segments: [0] });
    for (let index = 0; index < 60; index += 1) await removeFrom(sourceTable, { id: { S: `p-${index}` } });
    await verify();
    expect(await verificationOf()).toMatchObject({ drift: { added: 0, changed: 0, removed: 60 } });
    expect((await samplesOf()).driftRemoved).toHaveLength(20);
  });
});
