import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RestoreReport } from '../../../functions/restore-from-backup/complete-restore.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { endOfExecution, eventually } from '../../support/embedded.ts';
import { everyType, fingerprints } from '../../support/every-type.ts';
import { backUp } from '../../support/back-up.ts';
import { openShop, type TestShop } from '../../support/migration.ts';

let shop: TestShop;
beforeEach(async () => {
  shop = await openShop();
  await shop.dynamo.fillProducts(everyType(120));
  await backUp(shop);
});
afterEach(() => shop.stop());

const restoredTables = async (): Promise<readonly string[]> =>
  (await shop.dynamo.tableNames()).filter((name) => name.includes('-restored-'));

/** Starts a restore and waits until its workers write. */
async function startAndWaitForWrites(input: object): Promise<string> {
  const { executionArn = '' } = await shop.sfn.send(
    new StartExecutionCommand({
      stateMachineArn: shop.aws.stateMachines['restore'],
      name: 'stopped',
      input: JSON.stringify(input),
    }),
  );
  const isWriting = (): boolean =>
    shop.aws.requestLog.entries.some(
      ({ operation, tables }) =>
        operation === 'BatchWriteItem' && tables.some((name) => name.includes('-restored-')),
    );
  await eventually(() => (isWriting() ? true : undefined));
  return executionArn;
}

describe('a restore that fails', () => {
  it('deletes the table that it created, and says why', async () => {
    shop.aws.faults.add({
      service: 'dynamodb',
      operation: 'BatchWriteItem',
      kind: 'error',
      code: 'AccessDeniedException',
      status: 400,
    });
    const execution = await shop.run('restore', {});
    expect(execution).toMatchObject({ status: 'FAILED', error: 'PermissionDeniedError' });
    expect(await restoredTables()).toEqual([]);
    shop.aws.faults.clear();
    expect((await shop.run('restore', {})).status).toBe('SUCCEEDED');
  });
  it('finds a flipped byte before it creates anything', async () => {
    const [key = ''] = (await shop.objectKeys('AWSDynamoDB/')).filter((one) => one.includes('/data/'));
    const object = { Bucket: shop.aws.bucket, Key: key };
    const { Body } = await shop.s3.send(new GetObjectCommand(object));
    const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
    bytes[60] = (bytes[60] ?? 0) ^ 1;
    await shop.s3.send(new PutObjectCommand({ ...object, Body: bytes }));
    const execution = await shop.run('restore', {});
    expect(execution).toMatchObject({ status: 'FAILED', error: 'BackupDamagedError' });
    expect(execution.cause).toContain(key);
    expect(await restoredTables()).toEqual([]);
    const { answer } = await shop.invoke<{ findings: { kind: string; object: string }[] }>('verifyBackup');
    expect(answer.findings).toMatchObject([{ kind: 'ChangedBytes', object: key }]);
  });
  it.each([
    ['abc', 'InvalidInputError', 'JSON object'],
    [{ backupid: '1' }, 'InvalidInputError', 'backupid'],
    [{ backupId: '00000000000001-00000000' }, 'BackupNotFoundError', 'npm run backups'],
    [{ targetTable: 'products' }, 'RestoreTargetError', 'switched off'],
    [{ targetTable: 'products-migration-local-ledger' }, 'RestoreTargetError', 'ledger'],
  ])('refuses %j and creates nothing', async (input, error, sentence) => {
    const execution = await shop.run('restore', input);
    expect(execution).toMatchObject({ status: 'FAILED', error });
    expect(execution.cause).toContain(sentence);
    expect(await restoredTables()).toEqual([]);
  });
});

describe('a restore that is killed', () => {
  it('half-way, worker by worker, ends the same', async () => {
    shop.aws.faults.killAt({ operation: 'BatchWriteItem', nth: 2, when: 'after' });
    const execution = await shop.run('restore', {});
    expect(execution.status).toBe('SUCCEEDED');
    const { restored } = JSON.parse(execution.output ?? '') as RestoreReport;
    expect(fingerprints(await shop.dynamo.scan(restored.targetTable))).toEqual(
      fingerprints(await shop.dynamo.scan('products')),
    );
  });
  it.each([
    ['into a table of its own, in the same second', {}],
    ['into a table of the same name', { targetTable: 'products-restored-mine' }],
  ])('as a whole is recovered, and a restore started again at once, %s, ends the same', async (_, input) => {
    const hold = shop.aws.faults.add({ operation: 'BatchWriteItem', kind: 'throttle' });
    const executionArn = await startAndWaitForWrites(input);
    await shop.sfn.send(new StopExecutionCommand({ executionArn }));
    await endOfExecution(shop.sfn, executionArn);
    hold.remove();
    const again = await shop.run('restore', input, 'again');
    expect([again.status, again.error, again.cause]).toEqual(['SUCCEEDED', undefined, undefined]);
    const { restored } = JSON.parse(again.output ?? '') as RestoreReport;
    expect(fingerprints(await shop.dynamo.scan(restored.targetTable))).toEqual(
      fingerprints(await shop.dynamo.scan('products')),
    );
    expect(await restoredTables()).toEqual([restored.targetTable]);
  });
});

describe('a restore that is rolled back after it has succeeded', () => {
  const tablesRolledBack = async (runId: string) => {
    const { status, output } = await shop.run('rollback', { runId, confirm: runId });
    expect(status).toBe('SUCCEEDED');
    return (JSON.parse(output ?? '') as RestoreReport).tables;
  };
  const restoredInto = async (): Promise<string> => {
    expect((await shop.run('restore', {}, 'done')).status).toBe('SUCCEEDED');
    return (await restoredTables())[0] ?? '';
  };

  it('deletes its table if nobody has used it', async () => {
    const name = await restoredInto();
    expect(await tablesRolledBack('done')).toMatchObject([{ name, outcome: 'DELETED' }]);
    expect(await restoredTables()).toEqual([]);
  });
  it.each<[string, WireItem, string]>([
    ['an item of its own', { id: { S: 'new' } }, 'more than the 120'],
    ['an item changed', { id: { S: 'product-8' }, stock: { N: '3' } }, 'product-8'],
  ])('keeps a table in which the shop has %s, and says so', async (_, item, what) => {
    const name = await restoredInto();
    await shop.dynamo.put(name, item);
    const tables = await tablesRolledBack('done');
    expect(tables).toMatchObject([{ name, outcome: 'KEPT', remark: expect.stringContaining(what) }]);
    expect(await shop.dynamo.scan(name)).toContainEqual(item);
  });
});

describe('a restore into a table that exists', () => {
  it('brings back what was lost and keeps what was changed', async () => {
    const execution = await shop.run('restore', {});
    const { targetTable } = (JSON.parse(execution.output ?? '') as RestoreReport).restored;
    await shop.dynamo.call('DeleteItem', { TableName: targetTable, Key: { id: { S: 'product-7' } } });
    const changed: WireItem = { id: { S: 'product-8' }, stock: { N: '3' } };
    await shop.dynamo.put(targetTable, changed);
    const second = await shop.run('restore', { targetTable });
    expect([second.status, second.error, second.cause]).toEqual(['SUCCEEDED', undefined, undefined]);
    const { restored } = JSON.parse(second.output ?? '') as RestoreReport;
    expect(restored).toMatchObject({ mode: 'EXISTING', written: 1, alreadyPresent: 118, keptDifferent: 1 });
    const items = await shop.dynamo.scan(targetTable);
    expect(items).toHaveLength(120);
    expect(items).toContainEqual(changed);
  });
});

describe('a restore into the source', () => {
  it('writes what is missing there, where deployment and operator both say so', async () => {
    await shop.stop();
    shop = await openShop({
      environment: { FENCE_WAIT_SECONDS: '0', INTENT_WAIT_SECONDS: '1', RESTORE_INTO_SOURCE: 'true' },
    });
    await shop.dynamo.fillProducts(everyType(60));
    await backUp(shop);
    const before = fingerprints(await shop.dynamo.scan('products'));
    await shop.dynamo.call('DeleteItem', { TableName: 'products', Key: { id: { S: 'product-5' } } });
    const unconfirmed = await shop.run('restore', { targetTable: 'products' });
    expect(unconfirmed).toMatchObject({ status: 'FAILED', error: 'RestoreTargetError' });
    const confirmed = await shop.run('restore', { targetTable: 'products', confirm: 'products' });
    expect([confirmed.status, confirmed.error, confirmed.cause]).toEqual(['SUCCEEDED', undefined, undefined]);
    expect(fingerprints(await shop.dynamo.scan('products'))).toEqual(before);
  });
});
