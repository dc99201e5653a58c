import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FaultShop, openFaultShop } from '../support/fault-shop.ts';
import { functionName, whenRequested } from '../support/request-points.ts';
import { secretProducts } from '../support/secret-products.ts';
import { isSoak } from '../support/soak.ts';
import { type WritingShop, writingShop } from '../support/writing-shop.ts';

const products = secretProducts(12);

/** Stages in which a run may fail once its tables exist. Into tables that nobody closes it writes item by item. */
const failuresOf = (closeNewTables: boolean): readonly [Failure, ...Failure[]] => [
  {
    stage: 'migrateProductsEnhanced',
    operation: closeNewTables ? 'BatchWriteItem' : 'PutItem',
    table: 'products-enhanced',
  },
  { stage: 'verifyMigration', operation: 'Scan', table: 'products-enhanced' },
  { stage: 'completeRun', operation: 'TransactWriteItems' },
];

/** A roll back's requests for `orders` are refused so many times, and at each of them the shop writes. */
function writeAtRefused(
  { shop, writer }: { readonly shop: FaultShop; readonly writer: WritingShop },
  refused: { readonly operation: string; readonly times: number },
): readonly Promise<void>[] {
  const writes: Promise<void>[] = [];
  shop.aws.faults.add({
    ...refused,
    functionName: functionName('rollBack'),
    table: 'orders',
    where: () => {
      writes.push(order(writer));
      return true;
    },
    kind: 'error',
    code: 'InternalServerError',
    status: 500,
  });
  return writes;
}

const order = (writer: WritingShop): Promise<void> =>
  writer.mark('orders', { PK: { S: 'ORDER#now' }, SK: { S: 'METADATA' } });

/** The table is open again. */
async function expectOrders(writer: WritingShop): Promise<void> {
  const { acknowledgedCount } = writer;
  await order(writer);
  expect(writer.acknowledgedCount).toBe(acknowledgedCount + 1);
}

interface Failure {
  readonly stage: 'migrateProductsEnhanced' | 'verifyMigration' | 'completeRun';
  readonly operation: string;
  readonly table?: string;
}

/** The request that fails. */
const requestOf = ({ stage, ...request }: Failure) => ({ functionName: functionName(stage), ...request });

/** Requests of a roll back at which the shop writes, from the first one to after the last one. */
const places = isSoak ? Array.from({ length: 90 }, (_, index) => index + 1) : [1, 18, 36];

/** An item that the run writes. The shop may write it before its product is migrated, and change it afterwards. */
const written = { PK: 'PRODUCT#p-0', SK: 'METADATA' };

describe.each([
  { title: 'a run whose tables are closed until its commit', closeNewTables: true },
  { title: 'a run whose tables nobody closes', closeNewTables: false },
])('$title', ({ closeNewTables }) => {
  let shop: FaultShop;
  let writer: WritingShop;

  beforeAll(async () => {
    shop = await openFaultShop({
      environment: {
        FENCE_WAIT_SECONDS: '0',
        INTENT_WAIT_SECONDS: '1',
        CLOSE_WAIT_SECONDS: '1',
        CLOSE_NEW_TABLES: String(closeNewTables),
      },
    });
  });
  beforeEach(async () => {
    await shop.reset(products);
    writer = writingShop(shop.dynamo, written);
  });
  afterAll(() => shop.stop());

  const failures = failuresOf(closeNewTables);
  const [failedMigration] = failures;

  function failAt(failure: Failure): void {
    shop.aws.faults.add({ ...requestOf(failure), kind: 'error', code: 'ValidationException', status: 400 });
  }

  it.each(failures)(
    'loses no answered write of a shop that writes while a run fails in $stage',
    async (failure) => {
      failAt(failure);
      writer.start();
      const { status } = await shop.endOf(await shop.begin());
      await writer.stop();
      expect(status).toBe('FAILED');
      expect(await writer.lost()).toEqual([]);
      expect(writer.refusedCount > 0).toBe(closeNewTables);
    },
  );

  it.each(places)(
    'loses no write that arrives with request %i of the roll back of a failed run',
    async (nth) => {
      failAt(failedMigration);
      const writes: Promise<void>[] = [];
      whenRequested(shop, { stage: 'rollBack', nth }, () => writes.push(writer.writeOnce()));
      await shop.endOf(await shop.begin());
      await Promise.all(writes);
      expect(await writer.lost()).toEqual([]);
    },
  );

  it('lets nobody write between the look and a deletion that is refused at first', async () => {
    failAt(failedMigration);
    const writes = writeAtRefused({ shop, writer }, { operation: 'DeleteTable', times: 2 });
    await shop.endOf(await shop.begin());
    await Promise.all(writes);
    expect(writer.acknowledgedCount).toBe(0);
    expect(await writer.lost()).toEqual([]);
  });
});

it('gives the shop back a table that it closes, judges and keeps in one call', async () => {
  // Nothing is waited for: the embedded AWS enforces a policy at once.
  const environment = { FENCE_WAIT_SECONDS: '0', CLOSE_WAIT_SECONDS: '0', CLOSE_NEW_TABLES: 'false' };
  const shop = await openFaultShop({ environment });
  try {
    await shop.reset(products);
    const writer = writingShop(shop.dynamo, written);
    const [failure] = failuresOf(false);
    shop.aws.faults.add({
      ...requestOf(failure),
      kind: 'error',
      code: 'ValidationException',
      status: 400,
    });
    // Late enough that the first look has seen nothing.
    const writes = writeAtRefused({ shop, writer }, { operation: 'PutResourcePolicy', times: 1 });
    await shop.endOf(await shop.begin());
    await Promise.all(writes);
    expect(writer.acknowledgedCount).toBeGreaterThan(0);
    await expectOrders(writer);
    expect(await writer.lost()).toEqual([]);
  } finally {
    await shop.stop();
  }
});

describe('a run that has succeeded and is rolled back', () => {
  let shop: FaultShop;
  let writer: WritingShop;

  beforeAll(async () => {
    shop = await openFaultShop();
  });
  beforeEach(async () => {
    await shop.reset(products);
    writer = writingShop(shop.dynamo, written);
  });
  afterAll(() => shop.stop());

  async function succeed(): Promise<string> {
    const { runId } = await shop.migrate();
    return runId;
  }

  it('is open to the shop from the moment it has succeeded', async () => {
    await succeed();
    await writer.writeOnce();
    expect(writer).toMatchObject({ acknowledgedCount: 2, refusedCount: 0 });
  });

  it('loses no answered write of a shop that writes all the time', async () => {
    const runId = await succeed();
    writer.start();
    await shop.run('rollback', { runId, confirm: runId });
    await writer.stop();
    expect(writer.acknowledgedCount).toBeGreaterThan(0);
    expect(await writer.lost()).toEqual([]);
    expect(await shop.dynamo.tableNames()).toEqual(expect.arrayContaining(['orders', 'products-enhanced']));
  });

  it.each(places)('loses no write that arrives with request %i of its roll back', async (nth) => {
    const runId = await succeed();
    const writes: Promise<void>[] = [];
    whenRequested(shop, { stage: 'rollBack', nth }, () => writes.push(writer.writeOnce()));
    await shop.run('rollback', { runId, confirm: runId });
    await Promise.all(writes);
    expect(await writer.lost()).toEqual([]);
  });

  it('gives the shop back a table that it can no longer read', async () => {
    const runId = await succeed();
    const isClosed = (): boolean =>
      shop.aws.requestLog.entries.some(
        ({ operation, tables, applied }) =>
          operation === 'PutResourcePolicy' && applied && tables.includes('orders'),
      );
    // The first look succeeds, before the table is closed. After that the owner takes the key away.
    shop.aws.faults.add({
      functionName: functionName('rollBack'),
      operation: 'Scan',
      table: 'orders',
      where: isClosed,
      kind: 'error',
      code: 'AccessDeniedException',
      status: 400,
    });
    const { error } = await shop.run('rollback', { runId, confirm: runId });
    expect(error).toBe('RolledBackByOperator');
    expect(isClosed()).toBe(true);
    await writer.writeOnce();
    expect(writer).toMatchObject({ acknowledgedCount: 1, refusedCount: 0 });
    expect(await writer.lost()).toEqual([]);
  });

  it('gives the shop back a table that it keeps', async () => {
    const runId = await succeed();
    // Late enough that the first look has seen nothing.
    const writes = writeAtRefused({ shop, writer }, { operation: 'PutResourcePolicy', times: 1 });
    await shop.run('rollback', { runId, confirm: runId });
    await Promise.all(writes);
    expect(writer.acknowledgedCount).toBeGreaterThan(0);
    await expectOrders(writer);
    expect(await writer.lost()).toEqual([]);
  });
});
