import { StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/embedded.ts';
import { type FaultShop, openFaultShop } from '../support/fault-shop.ts';
import { functionName } from '../support/request-points.ts';
import { secretProducts } from '../support/secret-products.ts';

const slow = { kind: 'throttle', nth: 1, times: 8 } as const;
const refusal = { kind: 'error', code: 'AccessDeniedException', status: 400, service: 'dynamodb' } as const;

describe('a restore while a migration is held', () => {
  let shop: FaultShop;
  beforeAll(async () => {
    shop = await openFaultShop({
      environment: { FENCE_WAIT_SECONDS: '0', INTENT_WAIT_SECONDS: '1', RESTORE_INTO_SOURCE: 'true' },
    });
  });
  afterAll(() => shop.stop());

  const removeRestored = async (): Promise<void> => {
    for (const TableName of await shop.dynamo.tableNames())
      if (TableName.startsWith('products-restored-')) {
        await shop.dynamo.call('UpdateTable', { TableName, DeletionProtectionEnabled: false }).catch(() => 0);
        await shop.dynamo.call('DeleteTable', { TableName });
      }
  };
  /** Makes a backup, and a run that is held while it writes its products. */
  beforeEach(async () => {
    await removeRestored();
    await shop.reset(secretProducts(50));
    const operation = ['BatchWriteItem', 'PutItem'];
    shop.aws.faults.add({ ...refusal, operation, table: 'products-enhanced', nth: 2, times: 99 });
    await shop.run('migrate', { onFailure: 'hold' }, `held-${Date.now()}`);
    shop.aws.faults.clear();
  });

  const lockedTables = async (): Promise<readonly string[]> =>
    (await shop.ledgerItems())
      .filter(({ SK }) => SK === 'LOCK')
      .map(({ PK }) => PK.replace('LOCK#', ''))
      .toSorted();

  const beginRestore = async (input: unknown): Promise<string> => {
    const stateMachineArn = shop.aws.stateMachines['restore'];
    const { executionArn = '' } = await shop.sfn.send(
      new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
    );
    return executionArn;
  };

  it('fills a new table, and the held run keeps its lock', async () => {
    const restored = await shop.run('restore', {});
    expect(restored.status).toBe('SUCCEEDED');
    expect(JSON.parse(restored.output ?? '{}')).toMatchObject({ verification: { found: 50, missing: 0 } });
    expect(await lockedTables()).toEqual(['products']);
  });

  it('fills a table of its own when several are started at the same moment', async () => {
    const ends = await Promise.all(
      (await Promise.all([beginRestore({}), beginRestore({}), beginRestore({})])).map((arn) =>
        shop.endOf(arn),
      ),
    );
    expect(ends.map(({ status, cause }) => cause ?? status)).toEqual(Array(3).fill('SUCCEEDED'));
    const names = ends.map(({ output = '{}' }) => JSON.parse(output).restored.targetTable);
    expect(new Set(names).size).toBe(3);
    for (const name of names) expect(await shop.dynamo.scan(name)).toHaveLength(50);
  });

  it('fills a new table when it is called as a step alone', async () => {
    const { error, answer } = await shop.invoke<{ done: boolean }>('restoreFromBackup');
    expect(error).toBeUndefined();
    expect(answer).toMatchObject({ done: true, result: { written: 50 } });
  });

  it('fills up an existing restored table', async () => {
    const targetTable = 'products-restored-again';
    expect((await shop.run('restore', { targetTable })).status).toBe('SUCCEEDED');
    expect((await shop.run('restore', { targetTable })).status).toBe('SUCCEEDED');
  });

  it('is refused when it would write into the source', async () => {
    const refused = await shop.run('restore', { targetTable: 'products', confirm: 'products' });
    expect(refused.error).toBe('LockHeldError');
    expect(refused.cause).toContain('Table products is locked by run held-');
  });

  it('keeps another restore from its own table, and only from that', async () => {
    const targetTable = 'products-restored-slow';
    shop.aws.faults.add({
      ...slow,
      operation: 'BatchWriteItem',
      functionName: functionName('restoreFromBackup'),
    });
    const arn = await beginRestore({ targetTable });
    await eventually(async () => ((await lockedTables()).includes(targetTable) ? true : undefined));
    const second = await shop.run('restore', { targetTable });
    expect(second.error).toBe('LockHeldError');
    expect(second.cause).toContain(`Table ${targetTable} is being worked on by run`);
    expect((await shop.endOf(arn)).status).toBe('SUCCEEDED');
    expect(await lockedTables()).toEqual(['products']);
  });

  it('is rolled back when it was stopped, and releases its lock', async () => {
    shop.aws.faults.add({
      kind: 'hang',
      operation: 'BatchWriteItem',
      functionName: functionName('restoreFromBackup'),
    });
    const targetTable = 'products-restored-stopped';
    const executionArn = await beginRestore({ targetTable });
    await eventually(async () => ((await shop.dynamo.tableNames()).includes(targetTable) ? true : undefined));
    await shop.sfn.send(new StopExecutionCommand({ executionArn }));
    await shop.aws.killWorkers('restoreFromBackup');
    shop.aws.faults.clear();
    await shop.settle();
    expect(await shop.dynamo.tableNames()).not.toContain(targetTable);
    expect(await lockedTables()).toEqual(['products']);
  });
});
