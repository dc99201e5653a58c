import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../functions/shared/runs/report.ts';
import { createTableInput } from '../../functions/shared/aws/create-table-input.ts';
import { catalogueTable } from '../support/shop.ts';
import { canonicalJson } from '../../functions/shared/items/canonical-json.ts';
import type { WireItem } from '../../functions/shared/items/wire-item.ts';
import { type FaultShop, openFaultShop } from '../support/fault-shop.ts';
import { functionName } from '../support/request-points.ts';
import { secretProducts } from '../support/secret-products.ts';

const refusal = { kind: 'error', code: 'AccessDeniedException', status: 400, service: 'dynamodb' } as const;
const shopItem: WireItem = { PK: { S: 'PRODUCT#shop' }, SK: { S: 'METADATA' }, note: { S: 'ours' } };

describe('a table that a key or policy of the shop closes to the roll back', () => {
  let shop: FaultShop;
  beforeAll(async () => {
    shop = await openFaultShop();
  });
  afterAll(() => shop.stop());
  beforeEach(() => shop.reset(secretProducts(60)));

  const refuse = (operation: string, table: string): void => {
    shop.aws.faults.add({ ...refusal, operation, table, functionName: functionName('rollBack') });
  };
  /** Fails while products are being written. */
  const failingRun = async (name: string, input: unknown = {}): Promise<Report> => {
    const failure = { kind: 'error', code: 'ValidationException', status: 400 } as const;
    const operation = ['BatchWriteItem', 'PutItem'];
    shop.aws.faults.add({ ...failure, operation, table: 'products-enhanced', nth: 3, times: 99 });
    await shop.run('migrate', input, name);
    return reportOf(name);
  };
  const reportOf = async (runId: string): Promise<Report> =>
    JSON.parse(await shop.objectText(`runs/${runId}/report.json`)) as Report;
  const outcomes = ({ tables }: Report) =>
    Object.fromEntries(tables.map(({ name, outcome }) => [name, outcome]));

  it.each([
    ['DescribeTable', 'cart'],
    ['Scan', 'orders'],
    ['DeleteTable', 'returns'],
    ['Scan', 'products-enhanced'],
  ])('is kept and named when %s on %s is refused, and the others are deleted', async (operation, table) => {
    refuse(operation, table);
    const runId = `closed-${operation}-${table}`;
    const report = await failingRun(runId);
    expect(report.status).toBe('ROLLBACK_FAILED');
    const others = ['cart', 'orders', 'returns', 'products-enhanced'].filter((name) => name !== table);
    expect(outcomes(report)).toEqual({
      [table]: 'KEPT',
      ...Object.fromEntries(others.map((name) => [name, 'DELETED'])),
    });
    expect(report.tables.find(({ name }) => name === table)?.remark).toContain('AccessDeniedException');
    expect(await shop.dynamo.tableNames()).toEqual(expect.arrayContaining([table, 'products']));
    expect(await shop.dynamo.tableNames()).not.toEqual(expect.arrayContaining([others[0]]));
    expect((await shop.ledgerItems()).some(({ PK }) => PK === 'LOCK#products')).toBe(false);

    shop.aws.faults.clear();
    const again = await shop.run('rollback', { runId });
    expect(again.status).toBe('SUCCEEDED');
    expect(await shop.dynamo.tableNames()).not.toContain(table);
  });

  it('keeps the run’s items if it existed before, and the report names it and the next step', async () => {
    await shop.dynamo.call(
      'CreateTable',
      createTableInput(catalogueTable, { name: 'products-enhanced', tags: {} }),
    );
    await shop.dynamo.put('products-enhanced', shopItem);
    refuse('Scan', 'products-enhanced');
    const report = await failingRun('closed-existing');
    expect(report.status).toBe('ROLLBACK_FAILED');
    expect(report.failure?.nextStep).toContain(
      'npm run rollback -- --stage local closed-existing\nIn the console, start rollback with {"runId": "closed-existing"}',
    );
    expect(report.failure?.nextStep).not.toContain('delete-table');
    expect(report.tables.find(({ name }) => name === 'products-enhanced')).toMatchObject({
      outcome: 'EXISTED',
      remark: expect.stringContaining('items of the run may still be in it'),
    });
    expect(await shop.dynamo.scan('products-enhanced')).not.toEqual([shopItem]);

    shop.aws.faults.clear();
    expect((await shop.run('rollback', { runId: 'closed-existing' })).status).toBe('SUCCEEDED');
    expect(await shop.dynamo.scan('products-enhanced')).toEqual([shopItem]);
  });

  it('lets a failing dry run end with a report and release its lock', async () => {
    for (const operation of ['Scan', 'DescribeTable', 'ListTagsOfResource'])
      refuse(operation, 'products-enhanced');
    const failure = { kind: 'error', code: 'AccessDenied', status: 403, service: 's3' } as const;
    const functions = functionName('transformProducts');
    shop.aws.faults.add({ ...failure, operation: 'GetObject', functionName: functions });
    await shop.run('migrate', { dryRun: true }, 'closed-dry');
    expect((await reportOf('closed-dry')).status).toBe('ROLLED_BACK');
    expect((await shop.ledgerItems()).some(({ PK }) => PK === 'LOCK#products')).toBe(false);
  });
});

describe('what a run has replaced', () => {
  let shop: FaultShop;
  beforeAll(async () => {
    shop = await openFaultShop();
  });
  afterAll(() => shop.stop());

  const content = async (): Promise<readonly string[]> =>
    (await shop.dynamo.scan('products-enhanced')).map(canonicalJson);

  it('stays and is named, and is restored once its copy is back', async () => {
    await shop.reset(secretProducts(40));
    await shop.migrate();
    const before = await content();
    for (const product of secretProducts(40))
      await shop.dynamo.put('products', { ...product, price: { S: '777.00' } });
    const refused = { ...refusal, operation: 'Scan', functionName: functionName('verifyMigration') };
    shop.aws.faults.add(refused);
    await shop.run('migrate', { onExisting: 'replace', onFailure: 'hold' }, 'replacing');
    shop.aws.faults.clear();
    const [key = ''] = await shop.objectKeys('runs/replacing/undo/');
    const copy = await shop.objectText(key);
    const replaced = await content();
    expect(replaced).not.toEqual(before);
    await shop.s3.send(new DeleteObjectCommand({ Bucket: shop.aws.bucket, Key: key }));

    const failed = await shop.run('rollback', { runId: 'replacing' });
    expect(failed.cause).toMatch(/in place of older ones, whose copies below runs\/replacing\/undo\//);
    expect(failed.cause).not.toContain('delete-table');
    expect(await shop.dynamo.scan('products-enhanced')).toHaveLength(before.length);

    await shop.s3.send(new PutObjectCommand({ Bucket: shop.aws.bucket, Key: key, Body: copy }));
    expect((await shop.run('rollback', { runId: 'replacing' })).status).toBe('SUCCEEDED');
    expect(await content()).toEqual(before);
  });
});
