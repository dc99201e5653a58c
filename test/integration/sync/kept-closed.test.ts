import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { targetDifferences } from '../../support/followed-shop.ts';
import { openShop, type TestShop } from '../../support/migration.ts';
import { secretProducts } from '../../support/secret-products.ts';
import { rawAws } from '../../support/streams.ts';

let shop: TestShop;
beforeAll(async () => {
  shop = await openShop({ mappingMillis: 50, environment: { FENCE_WAIT_SECONDS: '1' } });
  await shop.dynamo.fillProducts(secretProducts(6));
  await rawAws(shop.aws).enable('products');
});
afterAll(() => shop.stop());

const ORDER = { PK: { S: 'ORDER#1' }, SK: { S: 'METADATA' } };
const shopWrites = (): Promise<unknown> => shop.dynamo.put('orders', ORDER);
const statusOf = async (input: unknown): Promise<string | undefined> =>
  (await shop.run('sync', input)).status;

describe('tables that are kept closed', () => {
  let runId: string;

  it('stay closed after the migration, and its report says so', async () => {
    const report = await shop.migrate({ keepClosed: true });
    ({ runId } = report);
    expect(report.tables.map(({ access }) => access)).toEqual(['CLOSED', 'CLOSED', 'CLOSED', 'CLOSED']);
    expect(report.warnings?.join(' ')).toMatch(/left tables cart, orders, products-enhanced, returns closed/);
    await expect(shopWrites()).rejects.toThrow(/AccessDenied/);
  });

  it('are not opened by the schedule', async () => {
    await shop.aws.tickSchedule();
    await expect(shopWrites()).rejects.toThrow(/AccessDenied/);
  });

  it('are written to by the sync all the same', async () => {
    expect(await statusOf({})).toBe('SUCCEEDED');
    await shop.dynamo.put('products', { id: { S: 'new' }, name: { S: 'New' }, price: { S: '1.00' } });
    expect(await statusOf({ action: 'compare' })).toBe('SUCCEEDED');
    expect(await targetDifferences(shop, runId)).toEqual([]);
    await expect(shopWrites()).rejects.toThrow(/AccessDenied/);
  });

  it('are open as soon as the shop may switch', async () => {
    expect(await statusOf({ action: 'cutover', frozen: true })).toBe('SUCCEEDED');
    await shopWrites();
    expect(await shop.dynamo.scan('orders')).toEqual([ORDER]);
  });
});
