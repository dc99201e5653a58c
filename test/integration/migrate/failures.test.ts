import { GetExecutionHistoryCommand } from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wireItem } from '../../../functions/shared/items/wire-item.ts';
import { eventually } from '../../support/embedded.ts';
import { awkwardProducts } from '../../support/awkward-products.ts';
import { openShop, type TestShop } from '../../support/migration.ts';

const key = (name: string, type: string, keyType: string) => ({
  definition: { AttributeName: name, AttributeType: type },
  element: { AttributeName: name, KeyType: keyType },
});

async function createOrders(shop: TestShop, sortKey: string): Promise<void> {
  const keys = [key('PK', 'S', 'HASH'), key(sortKey, 'S', 'RANGE')];
  const indexed = ['customerEmail', 'status', 'createdAt'].map((AttributeName) => ({
    AttributeName,
    AttributeType: 'S',
  }));
  const index = (IndexName: string, partition: string) => ({
    IndexName,
    KeySchema: [key(partition, 'S', 'HASH').element, key('createdAt', 'S', 'RANGE').element],
    Projection: { ProjectionType: 'ALL' },
  });
  await shop.dynamo.call('CreateTable', {
    TableName: 'orders',
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: keys.map(({ element }) => element),
    AttributeDefinitions: [...keys.map(({ definition }) => definition), ...indexed],
    GlobalSecondaryIndexes: [index('CustomerEmailIndex', 'customerEmail'), index('StatusIndex', 'status')],
  });
}

describe('a run that cannot succeed', () => {
  let shop: TestShop;
  beforeEach(async () => {
    shop = await openShop();
  });
  afterEach(() => shop.stop());

  const userTables = async (): Promise<readonly string[]> =>
    (await shop.dynamo.tableNames()).filter((name) => name !== shop.aws.ledgerTable).toSorted();

  for (const [input, named] of [
    [{ maxQuarantined: -1 }, 'maxQuarantined'],
    [{ dryrun: true }, 'dryrun'],
    ['abc', 'object'],
    [[], 'list'],
  ] as const)
    it(`refuses the input ${JSON.stringify(input)} and creates nothing`, async () => {
      await shop.dynamo.fillProducts(awkwardProducts(3));

      const execution = await shop.run('migrate', input);

      expect(execution).toMatchObject({ status: 'FAILED', error: 'InvalidInputError' });
      expect(execution.cause).toContain(named);
      expect(await userTables()).toEqual(['products']);
      expect(await shop.objectKeys('')).toEqual([]);
    });

  it('deletes nothing and says which tables are its own, when somebody has removed its record from the ledger', async () => {
    await shop.dynamo.fillProducts(awkwardProducts(3));
    shop.aws.faults.add({ kind: 'throttle', operation: 'BatchWriteItem', nth: 1, times: 12 });
    const ended = shop.run('migrate', {}, 'lost');
    await eventually(async () => ((await userTables()).length === 5 ? true : undefined));
    const Key = { PK: { S: 'RUN#lost' }, SK: { S: 'RUN' } };
    await shop.dynamo.call('DeleteItem', { TableName: shop.aws.ledgerTable, Key });

    const { status, cause } = await ended;

    expect(status).toBe('FAILED');
    expect(cause).toContain('no longer has the record of run lost');
    expect(cause).toContain('migration:run = lost');
    expect(cause).not.toContain('errorType');
    expect(await userTables()).toHaveLength(5);
    const again = await shop.migrate({});
    expect(again.warnings?.join(' ')).toContain('The lock was removed.');
  });

  it('ends in Refused, not in RolledBack, when no run was begun', async () => {
    const { executionArn } = await shop.run('migrate', 'abc');
    const { events = [] } = await shop.sfn.send(new GetExecutionHistoryCommand({ executionArn }));
    const names = events.map(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name);
    expect(names).toContain('Refused');
    expect(names).not.toContain('RolledBack');
  });

  it('is not committed when somebody deletes a table during the run, and names it', async () => {
    await shop.dynamo.fillProducts(awkwardProducts(300));
    const running = shop.run('migrate', {});
    await eventually(() =>
      shop.aws.requestLog.entries.find(
        ({ operation, tables }) => operation === 'BatchWriteItem' && tables.includes('products-enhanced'),
      ),
    );
    await shop.dynamo.call('DeleteTable', { TableName: 'orders' });

    const execution = await running;

    expect(execution).toMatchObject({ status: 'FAILED', error: 'VerificationFailedError' });
    expect(execution.cause).toContain('table orders is gone: somebody has deleted it');
    expect(await userTables()).toEqual(['products']);
  });

  it('names a source table that is not there', async () => {
    const execution = await shop.run('migrate', {});

    expect(execution).toMatchObject({ status: 'FAILED', error: 'SourceTableNotFoundError' });
    expect(execution.cause).toContain('no table products');
    expect(await userTables()).toEqual([]);
  });

  for (const [service, name] of [
    ['s3', 'S3'],
    ['dynamodb', 'DynamoDB'],
  ] as const)
    it(`says that ${name} does not answer`, async () => {
      await shop.dynamo.fillProducts(awkwardProducts(3));
      shop.aws.faults.add({ service, kind: 'reset' });

      const execution = await shop.run('migrate', {});

      shop.aws.faults.clear();
      expect(execution).toMatchObject({ status: 'FAILED', error: 'ServiceUnreachableError' });
      expect(execution.cause).toContain(`${name} does not answer`);
      expect(await userTables()).toEqual(['products']);
    });

  it('stops at a product without a name before any table exists, and keeps the backup', async () => {
    await shop.dynamo.fillProducts([
      ...awkwardProducts(3),
      wireItem([
        ['id', { S: 'nameless' }],
        ['price', { S: '1' }],
      ]),
    ]);

    const execution = await shop.run('migrate', {});

    expect(execution).toMatchObject({ status: 'FAILED', error: 'TooManyQuarantinedError' });
    expect(execution.cause).toMatch(/nameless: MissingName/);
    expect(await userTables()).toEqual(['products']);
    const keys = await shop.objectKeys('AWSDynamoDB/');
    expect(keys.some((one) => one.endsWith('manifest-summary.json'))).toBe(true);
  });

  it('puts that product into quarantine when one is allowed', async () => {
    const nameless = wireItem([
      ['id', { S: 'nameless' }],
      ['price', { S: '1' }],
    ]);
    await shop.dynamo.fillProducts([...awkwardProducts(3), nameless]);

    const report = await shop.migrate({ maxQuarantined: 1 });

    const [file = ''] = await shop.objectKeys(`runs/${report.runId}/quarantine/`);
    const line = JSON.parse(await shop.objectText(file)) as { code: string; item: unknown };
    expect(report.migrated).toMatchObject({ products: 3, quarantined: 1 });
    expect(line).toMatchObject({ code: 'MissingName', item: { id: { S: 'nameless' } } });
  });

  it('is held for its quarantine, and goes on when it is resumed with that many allowed', async () => {
    await shop.dynamo.fillProducts([...awkwardProducts(3), { id: { S: 'nameless' }, price: { N: '5' } }]);
    const held = await shop.run('migrate', { onFailure: 'hold' }, 'held');
    expect(held.error).toBe('TooManyQuarantinedError');
    expect(held.cause).toContain('{"resume": "held", "maxQuarantined": 1}');
    const resumed = await shop.migrate({ resume: 'held', maxQuarantined: 1, onExisting: 'replace' });
    expect(resumed).toMatchObject({ status: 'SUCCEEDED', migrated: { products: 3, quarantined: 1 } });
    expect(resumed.warnings?.join(' ')).toContain('onExisting made no difference');
  });

  it('deletes its own tables and leaves an existing one, item for item', async () => {
    await shop.dynamo.fillProducts(awkwardProducts(30));
    await createOrders(shop, 'SK');
    await shop.dynamo.put('orders', { PK: { S: 'ORDER#1' }, SK: { S: 'METADATA' }, total: { N: '16500' } });
    const before = await shop.dynamo.scan('orders');
    shop.aws.faults.add({
      service: 'dynamodb',
      operation: 'BatchWriteItem',
      table: 'products-enhanced',
      kind: 'error',
      code: 'ValidationException',
      status: 400,
      message: 'refused',
    });

    const execution = await shop.run('migrate', {});

    expect(execution.status).toBe('FAILED');
    expect(execution.cause).toContain('Tables: deleted: ');
    expect(await userTables()).toEqual(['orders', 'products']);
    expect(await shop.dynamo.scan('orders')).toEqual(before);
  });

  it('lists how an existing table differs, and touches nothing', async () => {
    await shop.dynamo.fillProducts(awkwardProducts(3));
    await createOrders(shop, 'orderDate');

    const execution = await shop.run('migrate', {});

    expect(execution).toMatchObject({ status: 'FAILED', error: 'TableSchemaMismatchError' });
    expect(execution.cause).toContain('PK (S), orderDate (S)');
    expect(await userTables()).toEqual(['orders', 'products']);
  });

  it('a dry run ends as planned, with a report and without a table', async () => {
    await shop.dynamo.fillProducts(awkwardProducts(12));

    const report = await shop.migrate({ dryRun: true });

    expect(report).toMatchObject({
      status: 'PLANNED',
      backup: { items: 12 },
      rehearsal: { products: 12, quarantined: 0 },
    });
    expect(await userTables()).toEqual(['products']);
  });
});
