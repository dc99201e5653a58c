import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LEDGER_VERSION } from '../../../functions/shared/ledger/ledger-table.ts';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import { stringAttribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';
import { awkwardProducts } from '../../support/awkward-products.ts';
import { coverageGaps } from '../../support/coverage-checker.ts';
import { openShop, type TestShop } from '../../support/migration.ts';

const products = awkwardProducts(120);

const sorted = (items: readonly WireItem[]): readonly string[] => items.map(canonicalJson).toSorted();

function itemsOf(product: WireItem, target: readonly WireItem[]): readonly WireItem[] {
  const partition = `PRODUCT#${stringAttribute(product, 'id')}`;
  return target.filter((item) => stringAttribute(item, 'PK') === partition);
}

describe('a whole run', () => {
  let shop: TestShop;
  beforeAll(async () => {
    shop = await openShop();
    await shop.dynamo.fillProducts(products);
  });
  afterAll(() => shop.stop());

  it('migrates every attribute of every product and leaves the source as it was', async () => {
    const before = sorted(await shop.dynamo.scan('products'));

    const report = await shop.migrate();

    const target = await shop.dynamo.scan('products-enhanced');
    expect(products.flatMap((product) => coverageGaps(product, itemsOf(product, target)))).toEqual([]);
    expect(report).toMatchObject({
      status: 'SUCCEEDED',
      source: { table: 'products', products: 120 },
      backup: { items: 120 },
      migrated: { products: 120, items: target.length, metadata: 120, alreadyPresent: 0, quarantined: 0 },
      verification: { expected: target.length, found: target.length, missing: 0, different: 0, extra: 0 },
      failure: null,
    });
    expect(report.tables.map(({ name, outcome }) => `${name} ${outcome}`).toSorted()).toEqual(
      ['cart', 'orders', 'products-enhanced', 'returns'].map((name) => `${name} CREATED`),
    );
    expect(sorted(await shop.dynamo.scan('products'))).toEqual(before);
  });

  it('verifies a source that has not drifted without reading its backup', async () => {
    const files = shop.aws.requestLog.entries.filter(
      ({ operation, key = '' }) => operation === 'GetObject' && /^AWSDynamoDB\/.*\/data\//.test(key),
    );

    const readers = new Set(files.map(({ functionName }) => functionName?.split('-').at(-1)));
    expect(readers).toEqual(new Set(['transformProducts']));
  });

  it('asks STS for no account, because each function finds it in its own ARN', () => {
    const asked = shop.aws.requestLog.entries.filter(({ service }) => service === 'sts');
    expect(asked).toEqual([]);
  });
  it('leaves the version of its form on every item of the ledger', async () => {
    const items = await shop.dynamo.scan(shop.aws.ledgerTable);

    const without = items.filter(
      (item) => JSON.stringify(item['ledgerVersion']) !== `{"N":"${LEDGER_VERSION}"}`,
    );
    expect(without).toEqual([]);
    expect(items.length).toBeGreaterThan(10);
  });

  it('writes its report into the bucket as it returns it', async () => {
    const report = await shop.migrate();

    const written = JSON.parse(await shop.objectText(`runs/${report.runId}/report.json`)) as unknown;

    expect(written).toEqual(report);
  });

  it('keeps what the shop changed since, and counts the rest as already present', async () => {
    const stock = { PK: { S: 'PRODUCT#p-4' }, SK: { S: 'METADATA' } };
    const [item] = (await shop.dynamo.scan('products-enhanced')).filter(
      (one) => stringAttribute(one, 'PK') === stock.PK.S && stringAttribute(one, 'SK') === stock.SK.S,
    );
    const changed = { ...item, shopNote: { S: 'sold 47' } };
    await shop.dynamo.put('products-enhanced', changed);

    const report = await shop.migrate();

    const after = await shop.dynamo.scan('products-enhanced');
    expect(sorted(after)).toContain(canonicalJson(changed));
    expect(report.migrated).toMatchObject({ items: after.length, alreadyPresent: after.length });
    expect(report.tables.map(({ outcome }) => outcome)).toEqual(['EXISTED', 'EXISTED', 'EXISTED', 'EXISTED']);
  });

  it('releases the lock and sends no write to the source', async () => {
    const ledger = await shop.dynamo.scan(shop.aws.ledgerTable);
    const locks = ledger.filter((item) => stringAttribute(item, 'PK')?.startsWith('LOCK#'));
    const reads = new Set([
      'Scan',
      'Query',
      'GetItem',
      'BatchGetItem',
      'DescribeTable',
      'ListTagsOfResource',
      'DescribeTimeToLive',
      'DescribeContinuousBackups',
    ]);
    const writes = shop.aws.requestLog.entries.filter(
      (entry) =>
        entry.functionName !== undefined && entry.tables.includes('products') && !reads.has(entry.operation),
    );

    expect(locks).toEqual([]);
    expect(writes).toEqual([]);
  });
});
