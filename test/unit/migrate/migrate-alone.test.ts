import { afterEach, describe, expect, it } from 'vitest';
import { migrateAlone } from '../../../functions/migrate-products/migrate-alone.ts';
import { beginRun } from '../../../functions/shared/ledger/begin.ts';
import { announceTable } from '../../../functions/shared/ledger/table-record.ts';
import { sampleHolder, sampleNewRun } from '../../support/sample-run.ts';
import { readRun, type Run } from '../../../functions/shared/ledger/run.ts';
import { findLock } from '../../../functions/shared/ledger/lock.ts';
import { switchedPut } from '../../../functions/shared/ledger/sync.ts';
import { transact } from '../../../functions/shared/ledger/transact.ts';
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

async function sealed(products: readonly WireItem[], run: Partial<Run> = {}): Promise<Run> {
  const made = await sealedBench(products, { plan: { segments: [0, 1] }, run });
  bench = made.bench;
  const backedUp = await readRun(bench.runtime.ledger, made.run.runId);
  await transition(bench.runtime.ledger, { run: backedUp, to: 'SUCCEEDED', lock: 'release', writer: 'test' });
  return backedUp;
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

  it('names the products that it leaves behind, and where all of them are listed', async () => {
    await sealed([...sizedProducts(2), { id: { S: 'nameless' }, price: { S: '1' } }], {
      kind: 'manual',
      step: 'backupProducts',
    });
    const { done, message, runId } = await migrateAlone(bench.runtime, longTurn());
    expect(done).toBe(true);
    expect(message).toMatch(
      /^migrateProductsEnhanced is complete\. 1 product cannot be transformed and stayed behind in quarantine\. First of them: nameless: MissingName: /,
    );
    expect(message).toContain(`/runs/${runId}/quarantine/.`);
  });

  it('writes nothing into a table in which a run of another source works', async () => {
    await sealed(sizedProducts(2));
    const { ledger } = bench.runtime;
    const holder = sampleHolder('o');
    await beginRun(ledger, sampleNewRun('o', { sourceTable: 'other-products' }), holder);
    const by = { runId: 'o', executionArn: holder.executionArn, name: targetName };
    await announceTable(ledger, { ...by, now: bench.runtime.clock.now(), outcome: 'INTENT' });
    await expect(migrateAlone(bench.runtime, longTurn())).rejects.toThrow(
      `Run o of table other-products is RUNNING and works in table ${targetName} as well.`,
    );
    expect(await itemsOf(bench.runtime, targetName)).toHaveProperty('size', 0);
  });

  it('asks for a whole migration with the confirmation where the shop has switched to its table', async () => {
    await sealed(sizedProducts(2));
    await migrateAlone(bench.runtime, longTurn());
    const { ledger } = bench.runtime;
    const switched = { syncId: 's', switchedAt: '2026-03-01T12:00:00.000Z' };
    await transact(ledger, [switchedPut(ledger, targetName, switched)]);
    await expect(migrateAlone(bench.runtime, longTurn())).rejects.toMatchObject({
      name: 'SwitchedError',
      message: expect.stringContaining(
        'A step called alone cannot be confirmed. To migrate all the same:\nnpm run migrate -- --stage test --confirm s\n',
      ),
    });
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
