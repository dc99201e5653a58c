import { afterEach, describe, expect, it } from 'vitest';
import { migrateAlone } from '../../../functions/migrate-products/migrate-alone.ts';
import { readRun, type Run } from '../../../functions/shared/ledger/run.ts';
import { findLock } from '../../../functions/shared/ledger/lock.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { productsEnhancedTable } from '../../../functions/migrations/shop/tables/products-enhanced.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { type Bench, longTurn, shortTurn, sourceTable } from '../files/backup-bench.ts';
import { ledgerHand } from '../complete-run/commit-bench.ts';
import { sealedBench } from '../files/sealed-bench.ts';
import { itemsOf, sizedProducts, targetName } from './migrate-bench.ts';

let bench: Bench;
afterEach(() => bench.stop());

async function sealed(products: readonly WireItem[]): Promise<Run> {
  const made = await sealedBench(products, { plan: { segments: [0, 1] } });
  bench = made.bench;
  const run = await readRun(bench.runtime.ledger, made.run.runId);
  await transition(bench.runtime.ledger, { run, to: 'SUCCEEDED', lock: 'release', writer: 'test' });
  return run;
}

describe('migrateProductsEnhanced called alone', () => {
  it('migrates the newest sealed backup into a table that it creates, and leaves no lock', async () => {
    const { backupId } = await sealed(sizedProducts(20));
    const outcome = await migrateAlone(bench.runtime, longTurn());
    expect(outcome).toMatchObject({
      done: true,
      message: 'migrateProductsEnhanced is complete.',
      result: { backupId, table: targetName, items: 100, products: 20, alreadyPresent: 0 },
    });
    expect(await itemsOf(bench.runtime, targetName)).toHaveProperty('size', 100);
    expect(await findLock(bench.runtime.ledger, sourceTable)).toBeUndefined();
  });

  it('leaves half of a provisioned target to the shop', async () => {
    await sealed(sizedProducts(1));
    await bench.createTable({
      ...createTableInput(productsEnhancedTable, { name: targetName, tags: {} }),
      BillingMode: 'PROVISIONED',
      ProvisionedThroughput: { ReadCapacityUnits: 50, WriteCapacityUnits: 50 },
    });
    const { runId } = await migrateAlone(bench.runtime, longTurn());
    expect((await readRun(bench.runtime.ledger, runId)).plan.writeUnitsPerSecond).toBe(25);
  });

  it('says that it was short of time, and goes on when it is called again', async () => {
    await sealed(sizedProducts(6));
    const first = await migrateAlone(bench.runtime, shortTurn());
    expect(first).toMatchObject({
      done: false,
      message: expect.stringContaining('Invoke migrateProductsEnhanced again'),
    });
    expect(await findLock(bench.runtime.ledger, sourceTable)).toBeUndefined();
    const second = await migrateAlone(bench.runtime, longTurn());
    expect(second).toMatchObject({ done: true, runId: first.runId, result: { items: 30, products: 6 } });
    expect(await itemsOf(bench.runtime, targetName)).toHaveProperty('size', 30);
  });

  it('changes nothing when it is called once more', async () => {
    await sealed(sizedProducts(6));
    await migrateAlone(bench.runtime, longTurn());
    const again = await migrateAlone(bench.runtime, longTurn());
    expect(again).toMatchObject({ done: true, result: { items: 30, alreadyPresent: 30 } });
  });

  it('is not complete when its checkpoint has seen less than the backup holds', async () => {
    await sealed(sizedProducts(6));
    const hand = ledgerHand(bench);
    let first = await migrateAlone(bench.runtime, shortTurn());
    while ((await hand.items('SHARD#MigrateProducts#0')).length === 0)
      first = await migrateAlone(bench.runtime, shortTurn());
    const [shard] = await hand.items('SHARD#MigrateProducts#0');
    if (shard !== undefined) await hand.set(shard, ['counters', 'metadata'], 1);
    if (shard !== undefined) await hand.set(shard, ['done'], true);
    await expect(migrateAlone(bench.runtime, longTurn())).rejects.toMatchObject({
      name: 'VerificationFailedError',
      message: expect.stringContaining('1 of its 6 products were migrated or quarantined'),
    });
    expect(first.done).toBe(false);
  });

  it('says how to make a backup when there is none', async () => {
    await sealed(sizedProducts(1));
    bench.objects.bodies.clear();
    await expect(migrateAlone(bench.runtime, longTurn())).rejects.toMatchObject({
      name: 'BackupNotFoundError',
    });
  });
});
