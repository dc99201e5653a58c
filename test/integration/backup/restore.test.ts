import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RestoreReport } from '../../../functions/restore-from-backup/complete-restore.ts';
import { backUp } from '../../support/back-up.ts';
import { openShop, type TestShop } from '../../support/migration.ts';
import { everyType, fingerprints } from '../../support/every-type.ts';

const productCount = 500;

describe('500 products of every attribute type', () => {
  let shop: TestShop;
  let report: RestoreReport;
  let source: ReadonlyMap<string, string>;

  beforeAll(async () => {
    shop = await openShop();
    await shop.dynamo.fillProducts(everyType(productCount));
    source = fingerprints(await shop.dynamo.scan('products'));
    await backUp(shop);
    const execution = await shop.run('restore', {});
    if (execution.status !== 'SUCCEEDED') throw new Error(`${execution.error}: ${execution.cause}`);
    report = JSON.parse(execution.output ?? '') as RestoreReport;
  });
  afterAll(() => shop.stop());

  it('are restored item for item into a new table', async () => {
    const restored = fingerprints(await shop.dynamo.scan(report.restored.targetTable));
    expect(restored.size).toBe(productCount);
    expect(restored).toEqual(source);
    expect(fingerprints(await shop.dynamo.scan('products'))).toEqual(source);
  });
  it('are counted in the report', () => {
    expect(report.restored).toMatchObject({
      mode: 'NEW',
      written: productCount,
      alreadyPresent: 0,
      expired: 0,
    });
    expect(report.verification).toMatchObject({
      expected: productCount,
      found: productCount,
      missing: 0,
      extra: 0,
    });
  });
});
