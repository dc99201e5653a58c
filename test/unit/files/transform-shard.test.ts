import { hash, randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { filesOfShard } from '../../../functions/shared/files/shard-files.ts';
import { listFiles } from '../../../functions/shared/ledger/file.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { transformShard } from '../../../functions/shared/copy/transform/transform-shard.ts';
import { sealBackup } from '../../../functions/shared/runs/seal-backup.ts';
import {
  backupLayout,
  dataFileKey,
  RUN_LAYOUT,
  targetFileKey,
  targetManifestKey,
} from '../../../functions/shared/files/layout.ts';
import { listTransformed } from '../../../functions/shared/ledger/transformed-file.ts';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import { combineDigests, createDigestSum } from '../../../functions/shared/items/digest.ts';
import { writtenDigest } from '../../../functions/shared/migration/as-written.ts';
import { findShard, saveShard } from '../../../functions/shared/ledger/shard.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import {
  type Bench,
  drive,
  products,
  productsTable,
  shortTurn,
  sourceTable,
  startBench,
} from './backup-bench.ts';
import { backUpAndTransform, sealedBench, transformedBench } from './sealed-bench.ts';

let bench: Bench;
afterEach(() => bench.stop());

const plan = { segments: [0, 1], shards: [0, 1], workers: 2, itemsPerFile: 100 };
const nameless = (index: number): WireItem => ({ id: { S: `bad-${index}` }, price: { S: '1' } });

async function rehearsed(items: readonly WireItem[], run = {}) {
  const transformed = await transformedBench(items, { plan, run });
  bench = transformed.bench;
  return transformed.run;
}

/** Makes a finished shard look as if it rested on other target files. */
async function startOver(index: number): Promise<void> {
  const { ledger } = bench.runtime;
  const shard = await findShard(ledger, 'run-1', 'TransformProducts', index);
  if (shard === undefined) throw new Error('There is no such shard.');
  const { version, ...rest } = shard;
  await saveShard(ledger, {
    runId: 'run-1',
    shard: { ...rest, basis: 'other' },
    previousVersion: version,
    writer: 'test',
  });
}

describe('TransformProducts', () => {
  it('counts what every product becomes, and proves that the files hold what was scanned', async () => {
    await rehearsed(products(250));
    const shards = await Promise.all(
      plan.shards.map((shard) => findShard(bench.runtime.ledger, 'run-1', 'TransformProducts', shard)),
    );
    const sum = (counter: string) =>
      shards.reduce((total, shard) => total + (shard?.counters[counter] ?? 0), 0);
    expect({
      products: sum('products'),
      metadata: sum('metadata'),
      variants: sum('variants'),
      quarantined: sum('quarantined'),
    }).toEqual({
      products: 250,
      metadata: 250,
      variants: 250,
      quarantined: 0,
    });
    expect(sum('writeUnitsExpected')).toBe(500);
    expect(shards.every((shard) => (shard?.digests['expected']?.count ?? 0) > 0)).toBe(true);
  });
  it('lists what cannot be transformed beside the file it came from', async () => {
    const { runId } = await rehearsed([...products(3), nameless(1), nameless(2)]);
    const keys = [...bench.objects.bodies.keys()].filter((key) =>
      key.startsWith(RUN_LAYOUT.quarantinePrefix(runId)),
    );
    const lines = keys.flatMap((key) => bench.objects.bodies.get(key)?.toString().trim().split('\n') ?? []);
    const found = lines.map((line) => JSON.parse(line) as { code: string; item: WireItem });
    expect(found.map(({ code }) => code)).toEqual(['MissingName', 'MissingName']);
    expect(found.map(({ item }) => item)).toEqual(expect.arrayContaining([nameless(1), nameless(2)]));
  });
  it('says which file has been changed since', async () => {
    const run = await rehearsed(products(150));
    const key = dataFileKey(run.backupId, { segment: 0, sequence: 0 });
    const body = bench.objects.bodies.get(key) ?? Buffer.from('');
    bench.objects.bodies.set(key, Buffer.from(body.map((byte, at) => (at === 30 ? byte ^ 1 : byte))));
    const files = await listFiles(bench.runtime.ledger, 'run-1');
    const shardCount = run.plan.shards.length;
    const owns = (shard: number) =>
      filesOfShard(files, { shard, shardCount }).some((file) => file.key === key);
    const shard = run.plan.shards.find(owns) ?? 0;
    await startOver(shard);
    const again = drive((input, turn) => transformShard(bench.runtime, input, turn), { ...run, shard });
    await expect(again).rejects.toMatchObject({
      name: 'BackupDamagedError',
      problem: 'ChangedBytes',
      message: expect.stringContaining(key),
    });
  });
  it('starts over on another basis, and goes on from its checkpoint on the same', async () => {
    const run = await rehearsed(products(250));
    await startOver(1);
    const turns = await drive(
      (input, turn) => transformShard(bench.runtime, input, turn),
      { ...run, shard: 1 },
      shortTurn,
    );
    expect(turns.turn).toBeGreaterThan(1);
    const shard = await findShard(bench.runtime.ledger, 'run-1', 'TransformProducts', 1);
    expect(shard?.counters['products']).toBe(turns.itemsDone);
    expect(shard?.digests['source']?.count).toBe(turns.itemsDone);
  });
});

describe('target files', () => {
  const targets = (): readonly string[] =>
    [...bench.objects.bodies.keys()].filter((key) =>
      key.startsWith('runs/run-1/target/products-enhanced/data/'),
    );
  const textOf = (key: string): string =>
    gunzipSync(bench.objects.bodies.get(key) ?? Buffer.from('')).toString('utf8');

  it('hold every item that will be written, one canonical line each, those of a product together', async () => {
    const run = await rehearsed([...products(250), nameless(1)]);
    const lines = targets().flatMap((key) => textOf(key).trimEnd().split('\n'));
    const items = lines.map((line) => (JSON.parse(line) as { Item: WireItem }).Item);
    expect(lines).toEqual(items.map((item) => `{"Item":${canonicalJson(item)}}`));
    expect(items).toHaveLength(500);
    const owners = items.map(({ PK }) => JSON.stringify(PK));
    expect(owners.filter((owner, at) => owner !== owners[at - 1])).toHaveLength(250);
    expect(items.every(({ migrationRun }) => JSON.stringify(migrationRun) === `{"S":"${run.runId}"}`)).toBe(
      true,
    );
    expect(targets().every((key) => textOf(key).endsWith('\n'))).toBe(true);
  });
  it('are recorded with what they hold, and their digest is that of the same items in a table', async () => {
    await rehearsed(products(250));
    const files = await listTransformed(bench.runtime.ledger, { runId: 'run-1', making: 0 });
    const recorded = files.flatMap((file) => file.targets);
    expect(recorded.flatMap(({ parts }) => parts.map(({ key }) => key)).toSorted()).toEqual(
      targets().toSorted(),
    );
    const sum = createDigestSum();
    for (const key of targets())
      for (const line of textOf(key).trimEnd().split('\n'))
        sum.add(writtenDigest((JSON.parse(line) as { Item: WireItem }).Item));
    expect(combineDigests(recorded.map(({ digest }) => digest))).toEqual(sum.value());
    for (const part of recorded.flatMap(({ parts }) => parts))
      expect(part).toMatchObject({
        bytes: Buffer.byteLength(textOf(part.key)),
        sha256: hash('sha256', bench.objects.bodies.get(part.key) ?? '', 'base64'),
      });
  });
  it('are cut into parts that stay below 8 MiB, and a product may lie in two of them', async () => {
    const filler = { B: randomBytes(250_000).toString('base64') };
    bench = await startBench();
    await bench.createTable(productsTable);
    await bench.fill(
      sourceTable,
      products(40).map((item) => ({ ...item, filler })),
    );
    const run = await bench.begin('run-1', { itemsPerFile: 40 });
    await backUpAndTransform(bench, run);
    const sizes = targets().map((key) => bench.objects.bodies.get(key)?.length ?? 0);
    expect(sizes.length).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(8 * 1024 * 1024);
  });
  it('are never overwritten: where other bytes are there, the run stops and says so', async () => {
    bench = await startBench();
    await bench.createTable(productsTable);
    await bench.fill(sourceTable, products(20));
    const run = await bench.begin('run-1', plan);
    const key = targetFileKey({ runId: 'run-1', making: 0, table: 'products-enhanced' }, '0-0', 0);
    bench.objects.bodies.set(key, Buffer.from('somebody else'));
    await expect(backUpAndTransform(bench, run)).rejects.toMatchObject({
      name: 'BackupDamagedError',
      message: expect.stringContaining(key),
    });
    expect(bench.objects.bodies.get(key)?.toString()).toBe('somebody else');
  });
  it('are taken for what they are where a worker has died between its PUT and its checkpoint', async () => {
    bench = await startBench();
    await bench.createTable(productsTable);
    await bench.fill(sourceTable, products(20));
    const run = await bench.begin('run-1', plan);
    let deaths = 0;
    bench.objects.afterPut = (key) => {
      if (!key.includes('/target/') || (deaths += 1) > 1) return;
      throw new Error('killed');
    };
    await expect(backUpAndTransform(bench, run)).rejects.toThrow('killed');
    await backUpAndTransform(bench, run);
    const shards = plan.shards.map((shard) =>
      findShard(bench.runtime.ledger, 'run-1', 'TransformProducts', shard),
    );
    const done = (await Promise.all(shards)).map((shard) => shard?.counters['products'] ?? 0);
    expect(done.reduce((sum, count) => sum + count, 0)).toBe(20);
  });
  it('are listed for each table by SealBackup, with what they add up to', async () => {
    const sealedRun = await sealedBench(products(250), { plan });
    bench = sealedRun.bench;
    const key = targetManifestKey({ runId: 'run-1', making: 0, table: 'products-enhanced' });
    const manifest = JSON.parse(bench.objects.bodies.get(key)?.toString() ?? '{}') as {
      files: readonly { readonly key: string }[];
    };
    expect(manifest).toMatchObject({
      runId: 'run-1',
      table: 'products-enhanced',
      itemCount: 500,
      writeUnits: 500,
    });
    expect(manifest.files.map((file) => file.key).toSorted()).toEqual(targets().toSorted());
  });
  it.each([
    ['one is missing', (key: string) => bench.objects.bodies.delete(key), 'missing from the bucket'],
    [
      'another object lies among them',
      (key: string) => bench.objects.bodies.set(`${key}.copy`, Buffer.from('')),
      'not of this',
    ],
  ])('keep SealBackup from sealing where %s', async (_, damage, sentence) => {
    const run = await rehearsed(products(20));
    damage(targets()[0] ?? '');
    await expect(sealBackup(bench.runtime, run)).rejects.toMatchObject({
      name: 'BackupDamagedError',
      message: expect.stringContaining(sentence),
    });
    expect(bench.objects.bodies.has(backupLayout(run.backupId).manifestSummary)).toBe(false);
  });
});
