import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type WireItem, wireItem } from '../../functions/shared/items/wire-item.ts';
import { targetContent } from '../support/checker.ts';
import { eventually } from '../support/embedded.ts';
import { type FaultShop, openFaultShop } from '../support/fault-shop.ts';
import { functionName } from '../support/request-points.ts';
import { secretProduct, secretProducts } from '../support/secret-products.ts';

/** The product with this id, after the shop has changed its price. */
const repriced = (id: string): WireItem =>
  wireItem([...Object.entries(secretProduct(id)), ['price', { S: '999.00' }]]);

describe('a shop that continues to sell', () => {
  let shop: FaultShop;
  beforeAll(async () => void (shop = await openFaultShop()));
  afterAll(() => shop.stop());

  const item = async (partition: string, sort: string): Promise<WireItem | undefined> =>
    (await shop.dynamo.scan('products-enhanced')).find(
      ({ PK, SK }) => JSON.stringify([PK, SK]) === JSON.stringify([{ S: partition }, { S: sort }]),
    );

  it('finds its changes reported as drift, and catches up with a second run that keeps what it changed in the target', async () => {
    await shop.reset(secretProducts(12));
    // The sale happens while the run verifies, after the backup and before the comparison.
    let isDone = false;
    const sell = async (): Promise<void> => {
      await shop.dynamo.put('products', secretProduct('new'));
      await shop.dynamo.put('products', repriced('p-1'));
      await shop.dynamo.put('products', repriced('p-2'));
      await shop.dynamo.call('DeleteItem', { TableName: 'products', Key: { id: { S: 'p-3' } } });
    };
    shop.aws.faults.add({
      functionName: functionName('createCartTable'),
      operation: 'CreateTable',
      kind: 'error',
      code: 'LimitExceededException',
      where: () => !isDone,
    });
    const arn = await shop.begin();
    await eventually(() => shop.aws.requestLog.entries.find(({ fault }) => fault === 'error'));
    await sell();
    isDone = true;
    const first = await shop.endOf(arn);
    expect(first.status).toBe('SUCCEEDED');
    const report = JSON.parse(first.output ?? '') as Awaited<ReturnType<typeof shop.migrate>>;
    expect(report.verification?.drift).toEqual({ added: 1, changed: 2, removed: 1 });
    expect(report.driftKeys).toEqual({ added: ['new'], changed: ['p-1', 'p-2'], removed: ['p-3'] });
    const existing = await item('PRODUCT#p-2', 'METADATA');
    const shopsOwn = { ...existing, shopNote: { S: 'ours' } };
    await shop.dynamo.put('products-enhanced', shopsOwn);
    const removed = await item('PRODUCT#p-3', 'METADATA');

    const second = await shop.migrate({ onExisting: 'replace' });

    const variant = Object.values(
      (await shop.dynamo.scan('products-enhanced')).filter(({ PK }) => JSON.stringify(PK).includes('p-1"')),
    );
    expect(variant.filter(({ price }) => price !== undefined).map(({ price }) => price)).toEqual([
      { N: '99900' },
      { N: '99900' },
    ]);
    expect(await item('PRODUCT#new', 'METADATA')).toBeDefined();
    expect(await item('PRODUCT#p-2', 'METADATA')).toEqual(shopsOwn);
    expect(await item('PRODUCT#p-3', 'METADATA')).toEqual(removed);
    expect(second).toMatchObject({ status: 'SUCCEEDED', verification: { missing: 0, different: 0 } });
    expect((await targetContent(shop)).length).toBe(3 * 13);
  });
});
