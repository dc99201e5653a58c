import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoggedRequest } from '../../workflow/local/gateway/request-log.ts';
import { readTables, violationsOf } from '../support/checker.ts';
import { type FaultShop, openFaultShop } from '../support/fault-shop.ts';
import { secretProducts } from '../support/secret-products.ts';

describe('workers with very little time', () => {
  let shop: FaultShop;
  // A slow machine needs seconds to load a function and to make one request.
  const limit = { backupProducts: 6, migrateProductsEnhanced: 6, verifyMigration: 6 };
  beforeAll(async () => void (shop = await openFaultShop({ timeoutSeconds: limit })));
  afterAll(() => shop.stop());

  it('take several turns at every shard, and leave the same items behind', async () => {
    await shop.reset(secretProducts(300, 600));
    const before = await readTables(shop);
    // One worker, whose share of the caps is enough for a part of its shard in 4.5 s.
    const caps = { readUnitsPerSecond: 6, writeUnitsPerSecond: 40, maxConcurrency: 1 };

    const report = await shop.migrate(caps);

    const turns = (await shop.ledgerItems())
      .filter(({ SK }) => SK.startsWith('SHARD#'))
      .map(({ SK, turns: count }) => [SK.split('#')[1] ?? '', Number(count)] as const);
    const several = turns.filter(([, count]) => count > 1).map(([state]) => state);
    expect(Object.fromEntries(turns)).toMatchObject({ TransformProducts: 1 });
    expect(several).toEqual(expect.arrayContaining(['BackupProducts', 'MigrateProducts', 'VerifyMigration']));
    expect(await violationsOf(shop, { before, runId: report.runId, end: 'SUCCEEDED' })).toEqual([]);
  });
});

describe('30 % UnprocessedItems and 30 % throttling at once', () => {
  let shop: FaultShop;
  // Both ends of every connection are in this process, with up to a dozen connections a worker. That is few enough for
  // 1,024 open files.
  beforeAll(async () => void (shop = await openFaultShop({ maxWorkers: 12, maxIdleWorkers: 8 })));
  afterAll(() => shop.stop());

  it('lose no item of 600 products', async () => {
    await shop.reset(secretProducts(600));
    const before = await readTables(shop);
    // Every request is meant, including those to the ledger and about tables.
    const rate = { service: 'dynamodb', rate: 0.3, seed: 11 } as const;
    const isOfRun = ({ functionName: name }: LoggedRequest): boolean => name !== undefined;
    const throttled = shop.aws.faults.add({ ...rate, kind: 'throttle', where: isOfRun });
    const handedBack = shop.aws.faults.add({
      operation: 'BatchWriteItem',
      kind: 'unprocessed',
      share: 0.3,
      seed: 12,
    });

    const report = await shop.migrate();

    shop.aws.faults.clear();
    expect(throttled.struck).toBeGreaterThan(100);
    expect(handedBack.struck).toBeGreaterThan(100);
    expect(report).toMatchObject({
      migrated: { products: 600, items: 1_800 },
      verification: { missing: 0, different: 0, extra: 0 },
    });
    expect(await violationsOf(shop, { before, runId: report.runId, end: 'SUCCEEDED' })).toEqual([]);
  });
});
