import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backupSegment } from '../../../functions/backup-products/backup-segment.ts';
import { dataFileKey } from '../../../functions/shared/files/layout.ts';
import { proveFile } from '../../../functions/shared/files/prove-file.ts';
import { decodeItems } from '../../../functions/shared/files/read-file.ts';
import { listFiles } from '../../../functions/shared/ledger/file.ts';
import { readRun } from '../../../functions/shared/ledger/run.ts';
import { findShard } from '../../../functions/shared/ledger/shard.ts';
import type { Runtime, Turn } from '../../../functions/shared/runtime.ts';
import type { Plan, WorkerInput } from '../../../functions/shared/state.ts';
import type { ScanRequest } from '../../../functions/shared/aws/item-table.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import {
  type Bench,
  drive,
  longTurn,
  product,
  products,
  productsTable,
  shortTurn,
  sourceTable,
  startBench,
} from '../../unit/files/backup-bench.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
  await bench.createTable(productsTable);
});
afterEach(() => bench.stop());

async function begin(plan: Partial<Plan> = {}): Promise<WorkerInput> {
  const { runId, executionArn } = await bench.begin('run-1', plan);
  return { runId, executionArn, shard: 0 };
}

const backUp = (input: WorkerInput, turnOf: () => Turn = longTurn, runtime: Runtime = bench.runtime) =>
  drive((worker, turn) => backupSegment(runtime, worker, turn), input, turnOf);

/** Every item of the backup's files by id, in the order of the files. */
async function backedUp(): Promise<WireItem[]> {
  const items: WireItem[] = [];
  for (const { key } of await listFiles(bench.runtime.ledger, 'run-1'))
    for await (const { item } of decodeItems(bench.objects.bodies.get(key) ?? Buffer.from(''), key))
      items.push(item);
  return items;
}

const idOf = (item: WireItem): string => JSON.stringify(item['id']);
const ids = (items: readonly WireItem[]): string[] => items.map(idOf).toSorted();
const dataKeys = (): string[] => [...bench.objects.bodies.keys()].filter((key) => key.includes('/data/'));
const shardOf = () => findShard(bench.runtime.ledger, 'run-1', 'BackupProducts', 0);

/** Kills the worker at its n-th upload, after the bytes are in the bucket and before the checkpoint. */
function killAtUpload(number: number): void {
  let uploads = 0;
  bench.objects.afterPut = (key) => {
    if (!key.includes('/data/')) return;
    uploads += 1;
    if (uploads === number) throw new Error('killed');
  };
}

describe('a worker of BackupProducts', () => {
  it('backs up every item of its segment, value for value', async () => {
    const items = products(1_000);
    await bench.fill(sourceTable, items);
    expect(await backUp(await begin({ itemsPerFile: 300 }))).toMatchObject({ done: true, itemsDone: 1_000 });
    expect(ids(await backedUp())).toEqual(ids(items));
    expect((await backedUp()).find((item) => idOf(item) === idOf(product(7)))).toEqual(product(7));
    expect((await listFiles(bench.runtime.ledger, 'run-1')).map(({ itemCount }) => itemCount)).toEqual([
      300, 300, 300, 100,
    ]);
  });
  it('writes _started before anything else', async () => {
    await bench.fill(sourceTable, products(5));
    await backUp(await begin());
    expect(bench.objects.written[0]).toMatch(/^AWSDynamoDB\/\d{14}-[0-9a-f]{8}\/_started$/);
  });
  it('changes nothing when it is called again', async () => {
    await bench.fill(sourceTable, products(100));
    const input = await begin();
    await backUp(input);
    const before = [...bench.objects.written];
    expect(await backUp(input)).toMatchObject({ done: true, itemsDone: 100 });
    expect(bench.objects.written).toEqual(before);
  });
  it('makes an empty backup of an empty table', async () => {
    expect(await backUp(await begin())).toMatchObject({ done: true, itemsDone: 0 });
    expect(dataKeys()).toEqual([]);
  });
  it('continues where it stopped when time is always short', async () => {
    await bench.fill(sourceTable, products(2_000));
    const output = await backUp(await begin({ itemsPerFile: 300 }), shortTurn);
    expect(output.turn).toBeGreaterThan(5);
    expect(ids(await backedUp())).toEqual(ids(products(2_000)));
  });
  it('divides the table among the segments without loss or doubles', async () => {
    await bench.fill(sourceTable, products(600));
    const input = await begin({ segments: [0, 1, 2], workers: 3 });
    for (const shard of [0, 1, 2]) await backUp({ ...input, shard });
    expect(ids(await backedUp())).toEqual(ids(products(600)));
  });
  it('counts absolutely, so that a turn taken twice does not count twice', async () => {
    await bench.fill(sourceTable, products(500));
    await backUp(await begin({ itemsPerFile: 100 }), shortTurn);
    const shard = await shardOf();
    expect(shard?.counters).toMatchObject({ items: 500, files: 5 });
    expect(shard?.digests['source']?.count).toBe(500);
  });
  it('stops at an item that no file can carry, and names it', async () => {
    const broken = JSON.parse('{"id":{"S":"p-1"},"name":{"S":"\\ud800"}}') as WireItem;
    const runtime = bench.withItems({ scanPage: async () => ({ items: [broken], readUnits: 1, bytes: 10 }) });
    await expect(backUp(await begin(), longTurn, runtime)).rejects.toMatchObject({
      name: 'ItemNotCarriableError',
    });
    expect(dataKeys()).toEqual([]);
  });
  it('says that the table has gone', async () => {
    const gone = Object.assign(new Error('gone'), { name: 'ResourceNotFoundException' });
    const runtime = bench.withItems({ scanPage: () => Promise.reject(gone) });
    await expect(backUp(await begin(), longTurn, runtime)).rejects.toMatchObject({
      name: 'TableUnavailableError',
    });
  });
  it('writes nothing for a run that belongs to another execution', async () => {
    await bench.fill(sourceTable, products(10));
    const input = await begin();
    await expect(backUp({ ...input, executionArn: 'arn:other' })).rejects.toMatchObject({
      name: 'RunClosedError',
    });
    expect(bench.objects.written).toEqual([]);
  });
});

describe('a worker that was killed between PUT and checkpoint', () => {
  it('finds its own file again when nothing was sold', async () => {
    await bench.fill(sourceTable, products(500));
    const input = await begin({ itemsPerFile: 200 });
    killAtUpload(2);
    await expect(backUp(input)).rejects.toThrow('killed');
    expect(await backUp(input)).toMatchObject({ done: true, itemsDone: 500 });
    expect(dataKeys()).toHaveLength(3);
    expect(ids(await backedUp())).toEqual(ids(products(500)));
  });
  it('adopts the existing file when the shop sold something since, and loses nothing', async () => {
    await bench.fill(sourceTable, products(500));
    const input = await begin({ itemsPerFile: 200 });
    killAtUpload(2);
    await expect(backUp(input)).rejects.toThrow('killed');
    const existing = new Map(bench.objects.bodies);
    await bench.fill(
      sourceTable,
      products(500).map((item) => ({ ...item, stock: { N: '3' } })),
    );
    await bench.fill(
      sourceTable,
      Array.from({ length: 50 }, (_, index) => product(9_000 + index)),
    );
    await backUp(input);
    for (const [key, body] of existing) expect(bench.objects.bodies.get(key)).toEqual(body);
    const found = ids(await backedUp());
    expect(new Set(found).size).toBe(found.length);
    expect(found).toEqual(expect.arrayContaining(ids(products(500))));
    expect((await shardOf())?.counters['items']).toBe(found.length);
  });
  it('adopts the last file even if everything in it was deleted since', async () => {
    await bench.fill(sourceTable, products(150));
    const input = await begin({ itemsPerFile: 100 });
    killAtUpload(2);
    await expect(backUp(input)).rejects.toThrow('killed');
    const scanned: ScanRequest[] = [];
    const scanPage = async (request: ScanRequest) => {
      scanned.push(request);
      return { items: [], readUnits: 1, bytes: 0 };
    };
    expect(await backUp(input, longTurn, bench.withItems({ scanPage }))).toMatchObject({
      done: true,
      itemsDone: 150,
    });
    expect(scanned).toHaveLength(2);
    expect(ids(await backedUp())).toEqual(ids(products(150)));
  });
  it('adopts a file of an earlier version, which spells its items otherwise, and can still prove it', async () => {
    await bench.fill(sourceTable, products(5));
    const input = await begin();
    const run = await readRun(bench.runtime.ledger, 'run-1');
    const lines = products(5).map(
      (item) => `{"Item":${JSON.stringify({ ...item, Z: { S: 'before a' } })}}\n`,
    );
    const key = dataFileKey(run.backupId, { segment: 0, sequence: 0 });
    bench.objects.bodies.set(key, gzipSync(lines.join('')));
    await backUp(input);
    const files = await listFiles(bench.runtime.ledger, 'run-1');
    expect(files[0]).toMatchObject({ itemCount: 5, bytes: lines.join('').length, canonical: false });
    for (const file of files) await proveFile(bench.runtime.objects, file);
  });
  it('does not adopt what no backup has written', async () => {
    await bench.fill(sourceTable, products(5));
    const input = await begin();
    const { backupId } = await readRun(bench.runtime.ledger, 'run-1');
    bench.objects.bodies.set(dataFileKey(backupId, { segment: 0, sequence: 0 }), Buffer.from('not gzip'));
    await expect(backUp(input)).rejects.toMatchObject({ problem: 'BadGzip' });
  });
});

describe('two workers at the same segment', () => {
  it('leave one sound list of files between them', async () => {
    await bench.fill(sourceTable, products(600));
    const input = await begin({ itemsPerFile: 100 });
    const both = await Promise.allSettled([backUp(input), backUp(input)]);
    const errors = both.flatMap((settled) =>
      settled.status === 'rejected' ? [(settled.reason as Error).name] : [],
    );
    expect(errors.length).toBeLessThan(2);
    expect(errors.filter((name) => name !== 'TransientError')).toEqual([]);
    await backUp(input);
    expect(ids(await backedUp())).toEqual(ids(products(600)));
  });
});

describe('under a cap', () => {
  it('asks for pages that cost at most a second of the share', async () => {
    await bench.fill(sourceTable, products(400));
    const limits: (number | undefined)[] = [];
    const scanPage = (request: ScanRequest) => {
      limits.push(request.limit);
      return bench.runtime.items.scanPage(request);
    };
    await backUp(
      await begin({ readUnitsPerSecond: 400, workers: 2 }),
      longTurn,
      bench.withItems({ scanPage }),
    );
    expect(limits[0]).toBe(100);
    expect(limits[1]).toBeGreaterThan(100);
  });
  it('asks for whole pages without a cap', async () => {
    await bench.fill(sourceTable, products(10));
    const limits: (number | undefined)[] = [];
    const scanPage = (request: ScanRequest) => {
      limits.push(request.limit);
      return bench.runtime.items.scanPage(request);
    };
    await backUp(await begin(), longTurn, bench.withItems({ scanPage }));
    expect(limits).toEqual([undefined]);
  });
});

describe('when DynamoDB throttles', () => {
  it('counts it and goes on', async () => {
    await bench.fill(sourceTable, products(50));
    let refusals = 2;
    const scanPage = (request: ScanRequest) => {
      refusals -= 1;
      const throttled = Object.assign(new Error('slower'), {
        name: 'ProvisionedThroughputExceededException',
      });
      return refusals >= 0 ? Promise.reject(throttled) : bench.runtime.items.scanPage(request);
    };
    await backUp(await begin(), longTurn, bench.withItems({ scanPage }));
    expect((await shardOf())?.counters).toMatchObject({ items: 50, throttles: 2 });
  });
  it('keeps what it has and returns its cursor when that outlasts the turn', async () => {
    await bench.fill(sourceTable, products(300));
    const input = await begin({ itemsPerFile: 100 });
    let pages = 0;
    const scanPage = (request: ScanRequest) => {
      pages += 1;
      const throttled = Object.assign(new Error('slower'), {
        name: 'ProvisionedThroughputExceededException',
      });
      return pages > 1 ? Promise.reject(throttled) : bench.runtime.items.scanPage({ ...request, limit: 150 });
    };
    const turn = { remainingMillis: () => 2_000, requestId: 'turn-1' };
    expect(await backupSegment(bench.withItems({ scanPage }), input, turn)).toMatchObject({
      done: false,
      itemsDone: 100,
    });
    expect(await backUp(input)).toMatchObject({ done: true, itemsDone: 300 });
    expect(ids(await backedUp())).toEqual(ids(products(300)));
  });
});
