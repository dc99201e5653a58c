import { filesOfShard } from '../../../functions/shared/files/shard-files.ts';
import { listFiles } from '../../../functions/shared/ledger/file.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { transformShard } from '../../../functions/transform-products/transform-shard.ts';
import { sealBackup } from '../../../functions/seal-backup/seal-backup.ts';
import { backupLayout, dataFileKey, runLayout } from '../../../functions/shared/files/layout.ts';
import { readRun } from '../../../functions/shared/ledger/run.ts';
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
import { backUpAndTransform, sealedBench } from './sealed-bench.ts';

let bench: Bench;
afterEach(() => bench.stop());

const plan = { segments: [0, 1], shards: [0, 1], workers: 2, itemsPerFile: 100 };
const nameless = (index: number): WireItem => ({ id: { S: `bad-${index}` }, price: { S: '1' } });

async function rehearsed(items: readonly WireItem[], run = {}) {
  bench = await startBench();
  await bench.createTable(productsTable);
  await bench.fill(sourceTable, items);
  const begun = await bench.begin('run-1', plan, run);
  await backUpAndTransform(bench, begun);
  return begun;
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
      key.startsWith(runLayout.quarantinePrefix(runId)),
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

describe('SealBackup', () => {
  it('writes the summary last, and keeps backup and rehearsal in the run', async () => {
    const sealedRun = await sealedBench(products(250), { plan });
    bench = sealedRun.bench;
    expect(bench.objects.written.at(-1)).toBe(backupLayout(sealedRun.run.backupId).manifestSummary);
    const run = await readRun(bench.runtime.ledger, 'run-1');
    expect(run.backup).toMatchObject({ backupId: run.backupId, items: 250, digest: { count: 250 } });
    expect(run.rehearsal).toMatchObject({ products: 250, metadata: 250, variants: 250, quarantined: 0 });
    expect(run.rehearsal?.expected.count).toBe(500);
  });
  it('writes the same bytes again, even if the table has other tags by then', async () => {
    const sealedRun = await sealedBench(products(250), { plan });
    bench = sealedRun.bench;
    const before = new Map(bench.objects.bodies);
    expect(await sealBackup(bench.runtime, sealedRun.run)).toEqual(sealedRun.sealed);
    expect(bench.objects.bodies).toEqual(before);
  });
  it('finishes what a dead sealer began', async () => {
    const run = await rehearsed(products(20));
    bench.objects.afterPut = (key) => {
      if (key.endsWith('manifest-files.json')) throw new Error('killed');
    };
    await expect(sealBackup(bench.runtime, run)).rejects.toThrow('killed');
    expect(bench.objects.bodies.has(backupLayout(run.backupId).manifestSummary)).toBe(false);
    bench.objects.afterPut = () => undefined;
    expect(await sealBackup(bench.runtime, run)).toMatchObject({ items: 20 });
  });
  it.each([
    ['a file is missing', (key: string) => bench.objects.bodies.delete(key), 'missing from the bucket'],
    [
      'an object too many lies there',
      (key: string) => bench.objects.bodies.set(`${key}.copy`, Buffer.from('')),
      'not of this backup',
    ],
    [
      'a file has another size',
      (key: string) => bench.objects.bodies.set(key, Buffer.from('short')),
      'another size',
    ],
  ])('refuses when %s', async (_, damage, sentence) => {
    const run = await rehearsed(products(150));
    damage(dataFileKey(run.backupId, { segment: 0, sequence: 0 }));
    await expect(sealBackup(bench.runtime, run)).rejects.toMatchObject({
      name: 'BackupDamagedError',
      message: expect.stringContaining(sentence),
    });
    expect(bench.objects.bodies.has(backupLayout(run.backupId).manifestSummary)).toBe(false);
  });
  it('refuses when a segment was not scanned to its end', async () => {
    bench = await startBench();
    await bench.createTable(productsTable);
    const run = await bench.begin('run-1', plan);
    await expect(sealBackup(bench.runtime, run)).rejects.toMatchObject({
      message: expect.stringContaining('2 of the 2 shards of BackupProducts are not there and done'),
    });
  });
  it('does not overwrite a manifest that says something else', async () => {
    const run = await rehearsed(products(20));
    const { manifestFiles } = backupLayout(run.backupId);
    bench.objects.bodies.set(manifestFiles, Buffer.from('somebody else'));
    await expect(sealBackup(bench.runtime, run)).rejects.toMatchObject({ name: 'BackupDamagedError' });
    expect(bench.objects.bodies.get(manifestFiles)?.toString()).toBe('somebody else');
  });
  it('seals the backup first, and then says that too many products cannot be transformed', async () => {
    const run = await rehearsed([...products(5), nameless(1), nameless(2)]);
    const message = expect.stringMatching(/2 of 7 products.*maxQuarantined allows 0.*bad-\d: MissingName/s);
    await expect(sealBackup(bench.runtime, run)).rejects.toMatchObject({
      name: 'TooManyQuarantinedError',
      message,
    });
    expect(bench.objects.bodies.has(backupLayout(run.backupId).manifestSummary)).toBe(true);
  });
  it('lets as many pass as the input allows', async () => {
    const parameters = {
      dryRun: false,
      onFailure: 'rollback',
      maxQuarantined: 2,
      onExisting: 'keep',
      maxConcurrency: 1,
    } as const;
    const run = await rehearsed([...products(5), nameless(1), nameless(2)], { parameters });
    expect(await sealBackup(bench.runtime, run)).toMatchObject({ items: 7, quarantined: 2 });
  });
});
