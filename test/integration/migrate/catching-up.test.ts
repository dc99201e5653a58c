import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../../functions/shared/runs/report.ts';
import { keyText } from '../../support/shop.ts';
import { stringAttribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';
import { openShop, type TestShop } from '../../support/migration.ts';

const product = (id: string, price: string): WireItem => ({
  id: { S: id },
  name: { S: `Product ${id}` },
  price: { N: price },
});

const products = ['boot', 'clog', 'shoe', 'sock'].map((id) => product(id, '10'));

describe('a shop that goes on between two runs', () => {
  let shop: TestShop;
  let first: Report;
  const itemsOf = async (id: string): Promise<readonly WireItem[]> => {
    const target = await shop.dynamo.scan('products-enhanced');
    return target
      .filter((item) => stringAttribute(item, 'PK') === `PRODUCT#${id}`)
      .toSorted((one, other) => keyText(one).localeCompare(keyText(other)));
  };
  const variantOf = async (id: string): Promise<WireItem> => (await itemsOf(id))[1] ?? {};
  beforeAll(async () => {
    shop = await openShop();
    await shop.dynamo.fillProducts(products);
    first = await shop.migrate();
    await shop.dynamo.put('products', product('shoe', '12'));
    await shop.dynamo.put('products', product('boot', '15'));
    await shop.dynamo.call('DeleteItem', { TableName: 'products', Key: { id: { S: 'clog' } } });
    await shop.dynamo.put('products-enhanced', {
      ...(await variantOf('boot')),
      stockQuantity: { N: '3' },
    });
  });
  afterAll(() => shop.stop());

  it('hears nothing of it by the first run', () => {
    expect(first.mismatches).toEqual({});
    expect(first.warnings?.join(' ')).not.toMatch(/older than|no longer in|left alone/u);
  });

  it('is told by a run that keeps what is older than the source, and what is no longer there', async () => {
    const before = await itemsOf('shoe');

    const report = await shop.migrate();

    expect(report.mismatches).toEqual({
      outdated: ['PRODUCT#shoe / VARIANT#PRO-STANDARD-SHOE-EFDA1C9252'],
      presentDifferent: expect.arrayContaining([
        'PRODUCT#boot / VARIANT#PRO-STANDARD-BOOT-4509BEB0AB',
        'PRODUCT#shoe / VARIANT#PRO-STANDARD-SHOE-EFDA1C9252',
      ]),
      removedAtSource: ['clog'],
    });
    expect(report.warnings).toEqual(
      expect.arrayContaining([
        '1 item of products-enhanced comes from an earlier run and is older than products today. A run with "onExisting": "replace" brings it up to date.',
        '1 item of products-enhanced under keys of this run was written or changed by others and differs from what products says; it was left alone: PRODUCT#boot / VARIANT#PRO-STANDARD-BOOT-4509BEB0AB.',
        '1 product is in products-enhanced that is no longer in products: clog; nothing was deleted.',
      ]),
    );
    expect(report.nextStep).toBe(
      'To bring the target up to date:\nnpm run migrate -- --stage local --on-existing replace\nIn the console, start migrate with {"onExisting": "replace"}',
    );
    expect(await itemsOf('shoe')).toEqual(before);
  });

  it('gets what has changed by a run that replaces; what the shop changed or removed stays, and is named', async () => {
    const sold = await itemsOf('boot');
    const removed = await itemsOf('clog');

    const report = await shop.migrate({ onExisting: 'replace' });

    expect(report.migrated).toMatchObject({ replaced: 1, keptChanged: 1 });
    expect(report.mismatches).toEqual({
      keptChanged: ['PRODUCT#boot / VARIANT#PRO-STANDARD-BOOT-4509BEB0AB'],
      presentDifferent: ['PRODUCT#boot / VARIANT#PRO-STANDARD-BOOT-4509BEB0AB'],
      removedAtSource: ['clog'],
    });
    expect(report.warnings).toEqual(
      expect.arrayContaining([
        '1 item was left alone, because it is not as a migration wrote it: PRODUCT#boot / VARIANT#PRO-STANDARD-BOOT-4509BEB0AB.',
        '1 product is in products-enhanced that is no longer in products: clog; nothing was deleted.',
      ]),
    );
    expect((await variantOf('shoe'))['price']).toEqual({ N: '1200' });
    expect(await itemsOf('boot')).toEqual(sold);
    expect(await itemsOf('clog')).toEqual(removed);
    expect(removed).toHaveLength(2);
  });
});
