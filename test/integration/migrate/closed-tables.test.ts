import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../../functions/shared/runs/report.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { readPolicy } from '../../../workflow/local/dynamodb/policy-document.ts';
import { eventually } from '../../support/embedded.ts';
import { type FaultShop, openFaultShop } from '../../support/fault-shop.ts';
import { functionName } from '../../support/request-points.ts';
import { secretProducts } from '../../support/secret-products.ts';

const products = secretProducts(6);
const target = 'products-enhanced';
const targets = ['cart', 'orders', 'returns', target];

let shop: FaultShop;
beforeAll(async () => void (shop = await openFaultShop()));
beforeEach(() => shop.reset(products));
afterAll(() => shop.stop());

const arnOf = (name: string): string => `arn:aws:dynamodb:ap-southeast-2:123456789012:table/${name}`;
const order = { PK: { S: 'ORDER#1' }, SK: { S: 'METADATA' } };

function policyOf(name: string): Promise<{ Policy: string; RevisionId: string }> {
  return shop.dynamo.call('GetResourcePolicy', { ResourceArn: arnOf(name) });
}

async function tableRecords(runId: string) {
  const items = await shop.ledgerItems();
  return items.filter(({ PK, SK }) => PK === `RUN#${runId}` && SK.startsWith('TABLE#'));
}

/** Keeps a function's requests to the ledger waiting until something has been done. */
async function whileWaiting(stage: string, begin: () => Promise<string>, act: () => Promise<void>) {
  let isWaiting = false;
  let isDone = false;
  shop.aws.faults.add({
    functionName: functionName(stage),
    table: shop.aws.ledgerTable,
    where: () => {
      isWaiting = true;
      return !isDone;
    },
    kind: 'throttle',
  });
  const arn = await begin();
  await eventually(() => (isWaiting ? true : undefined));
  await act();
  isDone = true;
  return shop.endOf(arn);
}

describe('the new tables of a run', () => {
  it('are closed to everybody but the writers until the commit, each recorded with the policy’s revision', async () => {
    const before = shop.aws.requestLog.entries.length;
    const { status } = await whileWaiting(
      'completeRun',
      () => shop.begin(),
      async () => {
        const runId = String((await shop.ledgerItems()).find(({ SK }) => SK === 'RUN')?.['runId']);
        for (const record of await tableRecords(runId)) {
          const { Policy, RevisionId } = await policyOf(String(record['name']));
          expect(record).toMatchObject({ access: 'CLOSED', policyRevision: RevisionId });
          expect(() => readPolicy(Policy, arnOf(String(record['name'])))).not.toThrow();
          await expect(shop.dynamo.put(String(record['name']), order)).rejects.toThrow('AccessDenied');
        }
        expect(await shop.dynamo.scan(target)).not.toEqual([]);
      },
    );
    expect(status).toBe('SUCCEEDED');
    expect(shop.aws.requestLog.entries.length).toBeGreaterThan(before);
  });

  it('are open once it has succeeded, and the report says so', async () => {
    const report = await shop.migrate();
    expect(report.opening).toBe('DONE');
    expect(report.tables).toEqual(
      targets.toSorted().map((name) => expect.objectContaining({ name, outcome: 'CREATED', access: 'OPEN' })),
    );
    for (const name of targets) await expect(policyOf(name)).rejects.toThrow('PolicyNotFoundException');
    for (const name of targets) await shop.dynamo.put(name, order);
  });

  it('keep what an administrator has added to their policies', async () => {
    const { status } = await whileWaiting(
      'completeRun',
      () => shop.begin(),
      async () => {
        const { Policy } = await policyOf('orders');
        const document = JSON.parse(Policy) as { Statement: object[] };
        const own = {
          Effect: 'Deny',
          Principal: '*',
          Action: 'dynamodb:DeleteItem',
          Resource: arnOf('orders'),
        };
        document.Statement.push({ Sid: 'OfTheShop', ...own });
        await shop.dynamo.call('PutResourcePolicy', {
          ResourceArn: arnOf('orders'),
          Policy: JSON.stringify(document),
        });
      },
    );
    expect(status).toBe('SUCCEEDED');
    expect(JSON.parse((await policyOf('orders')).Policy)).toMatchObject({
      Statement: [{ Sid: 'OfTheShop' }],
    });
    await shop.dynamo.put('orders', order);
  });

  it('are opened although IAM does not know their tags yet', async () => {
    const at = { functionName: functionName('completeRun'), kind: 'error', status: 400 } as const;
    const code = 'AccessDeniedException';
    shop.aws.faults.add({ ...at, code, operation: 'DeleteResourcePolicy', nth: 1, times: 3 });
    shop.aws.faults.add({ ...at, code, operation: 'UpdateTable', nth: 1, times: 3 });
    const { opening } = await shop.migrate();
    expect(opening).toBe('DONE');
    const { Table } = await shop.dynamo.call<{ Table: { DeletionProtectionEnabled: boolean } }>(
      'DescribeTable',
      { TableName: 'cart' },
    );
    expect(Table.DeletionProtectionEnabled).toBe(true);
  });

  it('are opened by the next run that finds them closed', async () => {
    await shop.migrate();
    const Statement = [
      {
        Sid: 'migrationrunanearlierone',
        Effect: 'Deny',
        Principal: '*',
        Action: 'dynamodb:PutItem',
        Resource: arnOf('orders'),
      },
    ];
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
    await shop.dynamo.call('PutResourcePolicy', { ResourceArn: arnOf('orders'), Policy });
    await expect(shop.dynamo.put('orders', order)).rejects.toThrow('AccessDenied');
    await shop.migrate();
    await shop.dynamo.put('orders', order);
  });

  it('are opened by the next call that finds the run committed, when CompleteRun has died after it', async () => {
    shop.aws.faults.killAt({
      functionName: functionName('completeRun'),
      operation: 'GetResourcePolicy',
      nth: 1,
    });
    const { status } = await shop.endOf(await shop.begin());
    expect(status).toBe('SUCCEEDED');
    await shop.dynamo.put('orders', order);
  });

  it('are not closed by a step that is called alone', async () => {
    await shop.invoke('createOrdersTable');
    await expect(policyOf('orders')).rejects.toThrow('PolicyNotFoundException');
    await shop.dynamo.put('orders', order);
  });
});

const theirs = { PK: { S: 'PRODUCT#p-0' }, SK: { S: 'METADATA' }, owner: { S: 'shop' } };

/** Somebody deletes the table and makes another of its name, with one item. */
async function replace(TableName: string, key: readonly string[], item: WireItem): Promise<void> {
  await shop.dynamo.call('DeleteTable', { TableName });
  await shop.dynamo.call('CreateTable', {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: key.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: key.map((AttributeName, index) => ({
      AttributeName,
      KeyType: index === 0 ? 'HASH' : 'RANGE',
    })),
    Tags: [{ Key: 'owner', Value: 'shop' }],
  });
  await shop.dynamo.put(TableName, item);
}

describe('a table that somebody replaces in the middle of a run', () => {
  it.each(['migrateProductsEnhanced', 'verifyMigration'])(
    'fails the run in %s with a sentence, and stays as it is',
    async (stage) => {
      const { status, error, cause } = await whileWaiting(
        stage,
        () => shop.begin(),
        () => replace(target, ['PK', 'SK'], theirs),
      );
      expect({ status, error }).toEqual({ status: 'FAILED', error: 'TableUnavailableError' });
      expect(cause).toContain(
        `Table ${target} is not the one that this run began with: somebody has deleted it and created another with that name (TableId `,
      );
      expect(cause).toMatch(
        /replaced it by another table, with TableId \S+: nothing of this run is left in it/,
      );
      expect(await shop.dynamo.scan(target)).toEqual([theirs]);
      const { Table } = await shop.dynamo.call<{ Table: { DeletionProtectionEnabled?: boolean } }>(
        'DescribeTable',
        { TableName: target },
      );
      expect(Table.DeletionProtectionEnabled ?? false).toBe(false);
    },
  );

  it('fails the run with a sentence where it was only deleted', async () => {
    const { error, cause } = await whileWaiting(
      'migrateProductsEnhanced',
      () => shop.begin(),
      () => shop.dynamo.call('DeleteTable', { TableName: target }),
    );
    expect(error).toBe('TableUnavailableError');
    expect(cause).toContain(`Table ${target} was ACTIVE and is gone`);
  });
});

describe('the new table of a restore', () => {
  async function backUp(): Promise<void> {
    await shop.migrate({ dryRun: true });
  }

  const restoredName = async (): Promise<string> =>
    (await shop.dynamo.tableNames()).find((name) => name.includes('-restored-')) ?? '';

  async function withRestore(act: (name: string) => Promise<void>) {
    let isWaiting = false;
    let isDone = false;
    shop.aws.faults.add({
      functionName: functionName('restoreFromBackup'),
      operation: 'BatchWriteItem',
      where: () => {
        isWaiting = true;
        return !isDone;
      },
      kind: 'throttle',
    });
    const restore = shop.run('restore', {});
    await eventually(() => (isWaiting ? true : undefined));
    await act(await restoredName());
    isDone = true;
    return restore;
  }

  async function removeRestored(): Promise<void> {
    const TableName = await restoredName();
    if (TableName !== '') await shop.dynamo.call('DeleteTable', { TableName });
  }

  it('is closed while it is filled, and open afterwards', async () => {
    await backUp();
    const item = { id: { S: 'of-the-shop' } };
    const { status, output } = await withRestore(async (name) => {
      await expect(shop.dynamo.put(name, item)).rejects.toThrow('AccessDenied');
    });
    expect(status).toBe('SUCCEEDED');
    expect(JSON.parse(output ?? '') as Report).toMatchObject({
      opening: 'DONE',
      tables: [{ access: 'OPEN' }],
    });
    await shop.dynamo.put(await restoredName(), item);
    await removeRestored();
  });

  it('fails the restore when somebody replaces it, and stays as it is', async () => {
    await backUp();
    let isWaiting = false;
    let isDone = false;
    // Between the turn that has filled it and the one that verifies it.
    shop.aws.faults.add({
      functionName: functionName('restoreFromBackup'),
      operation: 'Scan',
      where: () => {
        isWaiting = true;
        return !isDone;
      },
      kind: 'throttle',
    });
    const restore = shop.run('restore', {});
    await eventually(() => (isWaiting ? true : undefined));
    const name = await restoredName();
    const item = { id: { S: 'p-0' }, owner: { S: 'shop' } };
    await replace(name, ['id'], item);
    await shop.aws.killWorkers('restoreFromBackup');
    isDone = true;
    const { error } = await restore;
    expect(error).toBe('TableUnavailableError');
    expect(await shop.dynamo.scan(name)).toEqual([item]);
    await removeRestored();
  });
});
