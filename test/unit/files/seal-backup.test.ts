import { afterEach, describe, expect, it } from 'vitest';
import { sealBackup } from '../../../functions/shared/runs/seal-backup.ts';
import { backupLayout, dataFileKey } from '../../../functions/shared/files/layout.ts';
import { runKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { updateIf } from '../../../functions/shared/ledger/store.ts';
import { readRun, type Run } from '../../../functions/shared/ledger/run.ts';
import { announceTable } from '../../../functions/shared/ledger/table-record.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { type Bench, products, productsTable, startBench } from './backup-bench.ts';
import { sealedBench, transformedBench } from './sealed-bench.ts';

let bench: Bench;
afterEach(() => bench.stop());

const plan = { segments: [0, 1], shards: [0, 1], workers: 2, itemsPerFile: 100 };
const nameless = (index: number): WireItem => ({ id: { S: `bad-${index}` }, price: { S: '1' } });

const allowing = (maxQuarantined: number) =>
  ({
    dryRun: false,
    onFailure: 'rollback',
    maxQuarantined,
    onExisting: 'keep',
    maxConcurrency: 1,
  }) as const;

/** Gives the run a cap on writing that makes it take months. */
async function slowDown({ runId, plan: cut }: Run): Promise<void> {
  const slow = { ...cut, writeUnitsPerSecond: 0.000_01 };
  await updateIf(bench.runtime.ledger, runKey(runId), { set: { plan: slow } });
}

async function rehearsed(items: readonly WireItem[], run = {}) {
  const transformed = await transformedBench(items, { plan, run });
  bench = transformed.bench;
  return transformed.run;
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
  it('does not say that no table was created where the run has some, because it was held and is resumed', async () => {
    const run = await rehearsed([...products(5), nameless(1)], {
      parameters: { ...allowing(0), onFailure: 'hold', maxCost: 0.0001 },
    });
    const intent = { ...run, now: Date.now(), outcome: 'INTENT', name: 'cart' } as const;
    await announceTable(bench.runtime.ledger, intent);
    await expect(sealBackup(bench.runtime, run)).rejects.toThrow(
      /maxQuarantined allows 0\. .* This execution has changed no table\. Backup /,
    );
    const { parameters } = run;
    await updateIf(bench.runtime.ledger, runKey(run.runId), {
      set: { parameters: { ...parameters, maxQuarantined: 1 } },
    });
    await expect(sealBackup(bench.runtime, run)).rejects.toThrow(
      /maxCost allows \$0\.00010\. This execution has changed no table\. Backup /,
    );
  });
  it('seals the backup first, and then says that the counted run costs more than its limit', async () => {
    const parameters = { ...allowing(0), maxCost: 0.0001 };
    const run = await rehearsed(products(50), { parameters });
    await expect(sealBackup(bench.runtime, run)).rejects.toMatchObject({
      name: 'CostLimitError',
      message: expect.stringMatching(
        /maxCost allows \$0\.00010\. No table was created\. Backup \S+ is kept\./,
      ),
    });
    expect(bench.objects.bodies.has(backupLayout(run.backupId).manifestSummary)).toBe(true);
  });
  it('seals the backup first, and then says that the counted run takes longer than an execution lasts', async () => {
    const run = await rehearsed(products(50));
    await slowDown(run);
    await expect(sealBackup(bench.runtime, run)).rejects.toMatchObject({
      name: 'RunTooLongError',
      message: expect.stringMatching(/ends after 7 days\. No table was created\. Backup \S+ is kept\./),
    });
    expect(bench.objects.bodies.has(backupLayout(run.backupId).manifestSummary)).toBe(true);
  });
  it('says that an INLINE history does not hold the counted run, where it would be held', async () => {
    const run = await rehearsed(products(50), { parameters: { ...allowing(0), onFailure: 'hold' } });
    await slowDown(run);
    await expect(sealBackup(bench.runtime, run)).rejects.toMatchObject({
      name: 'RunTooLongForInlineError',
      message: expect.stringMatching(/\(100 items to write at the present caps\)\. No table was created\./),
    });
  });
  it('notes how many events the counted run fills, by which its pauses go', async () => {
    const run = await rehearsed(products(50), { parameters: allowing(0) });
    await sealBackup(bench.runtime, run);
    const { plan: counted } = await readRun(bench.runtime.ledger, run.runId);
    expect(counted).toEqual({ ...run.plan, mapEvents: expect.any(Number) });
  });
  it('seals a counted run that costs less than its limit, and any dry run', async () => {
    const cheap = await rehearsed(products(5), { parameters: { ...allowing(0), maxCost: 1 } });
    expect(await sealBackup(bench.runtime, cheap)).toMatchObject({ items: 5 });
    await bench.stop();
    const dry = await rehearsed(products(5), {
      parameters: { ...allowing(0), dryRun: true, maxCost: 0.0001 },
    });
    expect(await sealBackup(bench.runtime, dry)).toMatchObject({ items: 5 });
  });
  it('lets as many pass as the input allows', async () => {
    const run = await rehearsed([...products(5), nameless(1), nameless(2)], { parameters: allowing(2) });
    expect(await sealBackup(bench.runtime, run)).toMatchObject({ items: 7, quarantined: 2 });
  });
});
