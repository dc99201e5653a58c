import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../../functions/shared/runs/report.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { backUp } from '../../support/back-up.ts';
import { lacks } from '../../support/engine-lacks.ts';
import { type FaultShop, openFaultShop } from '../../support/fault-shop.ts';
import { readTables, type Tables } from '../../support/checker.ts';
import { functionName } from '../../support/request-points.ts';

const targets = ['cart', 'orders', 'products-enhanced', 'returns'];

const product = (index: number): WireItem => ({
  id: { S: `shoe-${index}` },
  name: { S: `Shoe ${index}` },
  price: { N: '10' },
});
const products = Array.from({ length: 30 }, (_, index) => product(index));

interface Refused {
  readonly error: string;
  readonly cause: string;
}

let shop: FaultShop;
beforeAll(async () => {
  shop = await openFaultShop({
    pauseMillis: 20,
    environment: { FENCE_WAIT_SECONDS: '0', INTENT_WAIT_SECONDS: '1' },
  });
});
afterAll(() => shop.stop());
/** Ids of the earlier run and of those after it; Step Functions takes a name once. */
let [a, b, c] = ['', '', ''];
let round = 0;
beforeEach(async () => {
  round += 1;
  [a, b, c] = [`a${round}`, `b${round}`, `c${round}`];
  await shop.reset(products);
});

const denied = { kind: 'error', code: 'AccessDeniedException', status: 400, message: 'denied' } as const;

const statusOf = async (runId: string): Promise<unknown> => (await shop.ledgerRun(runId))?.['status'];

/** Runs `rollback` and gives back how it ended. */
async function rollBack(input: unknown): Promise<{ readonly status: string | undefined } & Refused> {
  const { status, error = '', cause = '' } = await shop.run('rollback', input);
  return { status, error, cause };
}

/** A run that migrated everything, could not commit, and whose tables could not be deleted. */
async function leaveBehind(runId: string): Promise<void> {
  const commit = shop.aws.faults.add({
    ...denied,
    operation: 'TransactWriteItems',
    functionName: functionName('completeRun'),
  });
  const deletion = shop.aws.faults.add({ ...denied, operation: 'DeleteTable' });
  await shop.run('migrate', {}, runId);
  commit.remove();
  deletion.remove();
  expect(await statusOf(runId)).toBe('ROLLBACK_FAILED');
}

/** A step called alone that failed in the middle of its writes. */
async function failHalfWay(): Promise<string> {
  await backUp(shop);
  const table = 'products-enhanced';
  const fault = shop.aws.faults.add({ ...denied, operation: 'PutItem', table, nth: 3, times: 99 });
  const { error } = await shop.invoke('migrateProductsEnhanced');
  fault.remove();
  expect(error).toBe('Unhandled');
  const held = (await shop.ledgerItems()).find(
    ({ step, status }) => step === 'migrateProductsEnhanced' && status === 'HELD',
  );
  return String(held?.['runId']);
}

const markedBy = (tables: Tables, runId: string): number =>
  (tables.get('products-enhanced') ?? []).filter((item) => item.includes(`"${runId}"`)).length;

const requests = (operation: string): readonly string[] =>
  shop.aws.requestLog.entries
    .filter((entry) => entry.operation === operation && entry.functionName === functionName('rollBack'))
    .flatMap(({ tables }) => tables);

describe('a run that a later one relies on', () => {
  it.skipIf(lacks('backups'))(
    'is not rolled back before the later run is named, and then only after a backup of each table',
    async () => {
      await leaveBehind(a);
      const report = await shop.migrate({});
      expect(report.migrated.alreadyPresent).toBe(report.migrated.items);
      expect(report.reliesOn).toEqual([a]);
      const before = await readTables(shop);

      for (const input of [{ runId: a }, { runId: a, confirm: a }, { runId: a, confirm: 'other' }]) {
        const refused = await rollBack(input);
        expect(refused).toMatchObject({ status: 'FAILED', error: 'InvalidInputError' });
        expect(refused.cause).toContain(`{"runId": "${a}", "confirm": "${report.runId}"}`);
        expect(refused.cause).toContain('products-enhanced');
      }
      expect(await readTables(shop)).toEqual(before);
      expect(await statusOf(a)).toBe('ROLLBACK_FAILED');

      shop.aws.requestLog.clear();
      await rollBack({ runId: a, confirm: report.runId });
      expect(await statusOf(a)).toBe('ROLLED_BACK');
      expect(requests('CreateBackup').toSorted()).toEqual(targets);
      expect([...(await readTables(shop)).keys()]).toEqual(['products']);
    },
  );

  it.skipIf(lacks('backups'))('keeps every table whose backup is refused, and says which', async () => {
    await leaveBehind(a);
    const { runId } = await shop.migrate({});
    const before = await readTables(shop);
    shop.aws.faults.add({ ...denied, operation: 'CreateBackup' });

    const { cause } = await rollBack({ runId: a, confirm: runId });

    expect(await statusOf(a)).toBe('ROLLBACK_FAILED');
    for (const name of targets) expect(cause).toContain(`${name}: AccessDeniedException`);
    expect(cause).toContain(`{"runId": "${a}", "confirm": "${runId}"}`);
    expect(await readTables(shop)).toEqual(before);
  });

  it('is free again once the later run is rolled back', async () => {
    await leaveBehind(a);
    const { runId } = await shop.migrate({});
    await rollBack({ runId, confirm: runId });
    expect(await statusOf(runId)).toBe('ROLLED_BACK');
    await rollBack({ runId: a });
    expect(await statusOf(a)).toBe('ROLLED_BACK');
    expect([...(await readTables(shop)).keys()]).toEqual(['products']);
  });

  it('asks for the latest of several, through a chain of them', async () => {
    await shop.run('migrate', {}, a);
    await shop.run('migrate', {}, b);
    await shop.dynamo.put('products', product(99));
    await shop.run('migrate', {}, c);
    const refusalOf = async (runId: string): Promise<string> =>
      (await rollBack({ runId, confirm: runId })).cause;

    expect(await refusalOf(a)).toContain(`{"runId": "${a}", "confirm": "${c}"}`);
    expect(await refusalOf(b)).toContain(`{"runId": "${b}", "confirm": "${c}"}`);
    await rollBack({ runId: c, confirm: c });
    expect(await refusalOf(a)).toContain(`{"runId": "${a}", "confirm": "${b}"}`);
    await rollBack({ runId: b, confirm: b });
    await rollBack({ runId: a, confirm: a });
    expect([...(await readTables(shop)).keys()]).toEqual(['products']);
  });

  it.skipIf(lacks('backups'))(
    'keeps its items in an existing table, until the later run is named',
    async () => {
      await shop.migrate({});
      await shop.dynamo.put('products', product(50));
      await shop.run('migrate', {}, a);
      const { runId, reliesOn } = await shop.migrate({});
      expect(reliesOn).toContain(a);
      const before = await readTables(shop);
      expect(markedBy(before, a)).toBe(2);

      expect((await rollBack({ runId: a, confirm: a })).cause).toContain(`"confirm": "${runId}"`);
      expect(await readTables(shop)).toEqual(before);

      shop.aws.requestLog.clear();
      await rollBack({ runId: a, confirm: runId });
      expect(await statusOf(a)).toBe('ROLLED_BACK');
      expect(requests('CreateBackup')).toEqual(['products-enhanced']);
      expect(markedBy(await readTables(shop), a)).toBe(0);
    },
  );

  it.skipIf(lacks('backups'))('keeps its items in an existing table that cannot be backed up', async () => {
    await shop.migrate({});
    await shop.dynamo.put('products', product(50));
    await shop.run('migrate', {}, a);
    const { runId } = await shop.migrate({});
    const before = await readTables(shop);
    shop.aws.faults.add({ ...denied, operation: 'CreateBackup' });

    const { cause } = await rollBack({ runId: a, confirm: runId });

    expect(await statusOf(a)).toBe('ROLLBACK_FAILED');
    expect(cause).toContain(
      `The items of run ${a} stay in products-enhanced, because it could not be backed up first`,
    );
    expect(cause).not.toContain('aws dynamodb delete-table');
    expect(await readTables(shop)).toEqual(before);
  });
});

describe('a step called alone that failed half-way', () => {
  it('is not rolled back without naming the run that found its items', async () => {
    const held = await failHalfWay();
    const report = await shop.migrate({});
    expect(report.reliesOn).toContain(held);
    const before = await readTables(shop);
    expect(markedBy(before, held)).toBeGreaterThan(0);

    const refused = await rollBack({ runId: held });

    expect(refused.cause).toContain(`{"runId": "${held}", "confirm": "${report.runId}"}`);
    expect(await readTables(shop)).toEqual(before);
  });

  it('is not continued once a later run relies on it', async () => {
    const held = await failHalfWay();
    await shop.migrate({});
    const { answer } = await shop.invoke<{ runId: string; done: boolean }>('migrateProductsEnhanced');
    expect(answer).toMatchObject({ done: true });
    expect(answer.runId).not.toBe(held);
    expect(await statusOf(held)).toBe('HELD');
  });

  it('is relied on by a step called alone that succeeds, too', async () => {
    await shop.invoke('createCartTable');
    const { answer } = await shop.invoke<{ runId: string }>('createCartTable');
    const [first] = (await shop.ledgerItems()).filter(
      ({ SK, step, runId }) => SK === 'RUN' && step === 'createCartTable' && runId !== answer.runId,
    );
    const runId = String(first?.['runId']);
    const { cause } = await rollBack({ runId, confirm: runId });
    expect(cause).toContain(`{"runId": "${runId}", "confirm": "${answer.runId}"}`);
    expect((await readTables(shop)).has('cart')).toBe(true);
  });
});

describe('a restore that a later one relies on', () => {
  it('keeps the table that it made until the later restore is named', async () => {
    await backUp(shop);
    const targetTable = `products-restored-${a}`;
    await shop.run('restore', { targetTable }, a);
    await shop.dynamo.call('DeleteItem', { TableName: targetTable, Key: { id: { S: 'shoe-1' } } });
    const { output } = await shop.run('restore', { targetTable }, b);
    expect(JSON.parse(output ?? '{}')).toMatchObject({ status: 'SUCCEEDED', reliesOn: [a] });

    const refused = await rollBack({ runId: a, confirm: a });
    expect(refused.cause).toContain(`{"runId": "${a}", "confirm": "${b}"}`);
    expect(await shop.dynamo.scan(targetTable)).toHaveLength(30);

    await rollBack({ runId: a, confirm: b });
    expect(await statusOf(a)).toBe('ROLLED_BACK');
    expect(await shop.dynamo.tableNames()).not.toContain(targetTable);
  });
});

describe('an automatic roll back', () => {
  /** As a recovery meets it whose lock was lost: the run is ROLLING_BACK, and another has committed on its tables. */
  async function rollBackUnasked(runId: string): Promise<Report> {
    await shop.dynamo.call('UpdateItem', {
      TableName: shop.aws.ledgerTable,
      Key: { PK: { S: `RUN#${runId}` }, SK: { S: 'RUN' } },
      UpdateExpression: 'SET #status = :running',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':running': { S: 'RUNNING' } },
    });
    await shop.run('rollback', { runId, recover: true });
    return JSON.parse(await shop.objectText(`runs/${runId}/report.json`)) as Report;
  }

  it('keeps what a later run relies on, and names that run', async () => {
    await leaveBehind(a);
    const { runId } = await shop.migrate({});
    const before = await readTables(shop);

    const report = await rollBackUnasked(a);

    expect(await readTables(shop)).toEqual(before);
    expect(report.status).toBe('ROLLED_BACK');
    for (const table of report.tables)
      expect(table).toMatchObject({ outcome: 'KEPT', remark: `run ${runId} relies on it` });
    expect(report.warnings).toContain(`Table cart was kept, because run ${runId} relies on it.`);
  });

  it('keeps items that a later run relies on in an existing table', async () => {
    await shop.migrate({});
    await shop.dynamo.put('products', product(50));
    await shop.run('migrate', {}, a);
    const { runId } = await shop.migrate({});
    const before = await readTables(shop);

    const report = await rollBackUnasked(a);

    expect(await readTables(shop)).toEqual(before);
    expect(report.migrated.items).toBeGreaterThan(0);
    expect(report.warnings?.join(' ')).toContain(
      `Table products-enhanced: the items of run ${a} stay in it, because run ${runId} relies on it.`,
    );
  });
});
