import { afterEach, expect, it } from 'vitest';
import { backupLayout } from '../../../functions/shared/files/layout.ts';
import { ledgerHand } from '../complete-run/commit-bench.ts';
import { type Bench, product, products, sourceTable } from './backup-bench.ts';
import { backUpAndTransform, sealedBench } from './sealed-bench.ts';

let bench: Bench;
afterEach(() => bench.stop());

it('adds nothing to a sealed backup, though somebody has removed the record of a segment', async () => {
  const { bench: opened, run } = await sealedBench(products(3));
  bench = opened;
  const { dataPrefix } = backupLayout(run.backupId);
  const before = await bench.objects.list(dataPrefix);
  const hand = ledgerHand(bench);
  for (const record of await hand.items('SHARD#BackupProducts#')) await hand.remove(record);
  await bench.fill(sourceTable, [product(99)]);
  await expect(backUpAndTransform(bench, run)).rejects.toMatchObject({
    name: 'BackupDamagedError',
    message: expect.stringContaining('nothing was added to it'),
  });
  expect(await bench.objects.list(dataPrefix)).toEqual(before);
});
