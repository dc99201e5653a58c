import { CreateTableCommand, DeleteTableCommand, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { backupAlone } from '../../../functions/backup-products/backup-alone.ts';
import { createAlone } from '../../../functions/create-tables/create-table.ts';
import { migrateAlone } from '../../../functions/migrate-products/migrate-alone.ts';
import { restoreAlone } from '../../../functions/restore-from-backup/restore-alone.ts';
import { sealBackup } from '../../../functions/shared/runs/seal-backup.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { assertOpen } from '../../../functions/shared/ledger/fence.ts';
import { readRun } from '../../../functions/shared/ledger/run.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { type ManualOutcome, withManualRun } from '../../../functions/shared/runs/manual-run.ts';
import type { Runtime, Turn } from '../../../functions/shared/runtime.ts';
import { cartTable } from '../../../functions/migrations/shop/tables/cart.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { catalogueTable } from '../../support/shop.ts';
import {
  type Bench,
  longTurn,
  productsTable,
  shortTurn,
  sourceTable,
  startBench,
} from '../files/backup-bench.ts';
import { backUpAndTransform, sealedBench } from '../files/sealed-bench.ts';
import { awsError, itemsOf, sizedProduct, sizedProducts, targetName } from '../migrate/migrate-bench.ts';

let bench: Bench;
afterEach(() => bench.stop());

async function end(runId: string): Promise<void> {
  const run = await readRun(bench.runtime.ledger, runId);
  await transition(bench.runtime.ledger, { run, to: 'SUCCEEDED', lock: 'release', writer: `end:${runId}` });
}

/** A sealed backup of some products, and no run that goes on. */
async function sealed(count: number): Promise<string> {
  const made = await sealedBench(sizedProducts(count), { plan: { segments: [0, 1] } });
  bench = made.bench;
  await end(made.run.runId);
  return made.run.backupId;
}

/** Another backup, of what the source holds now. */
async function newerBackup(): Promise<string> {
  const run = await bench.begin('newer', {}, { backupId: '32472144000000-0a1b2c3d' });
  await backUpAndTransform(bench, run);
  await sealBackup(bench.runtime, run);
  await end(run.runId);
  return run.backupId;
}

/** A sync of the source that somebody has cancelled. */
async function followed(): Promise<void> {
  const { ledger } = bench.runtime;
  const startedAt = '2026-01-03T00:00:00.000Z';
  const run = await bench.begin('sync-1', {}, { kind: 'sync', startedAt });
  const facts = { finishedAt: '2026-01-04T00:00:00.000Z' };
  await transition(ledger, { run, to: 'CANCELLED', lock: 'release', writer: 'cancel', facts });
}

/** The same deployment, so much later. */
const later = (millis: number, runtime: Runtime = bench.runtime): Runtime => ({
  ...runtime,
  clock: { now: () => Date.now() + millis },
});
const day = 24 * 3_600_000;

const removeTable = async (TableName: string): Promise<void> =>
  void (await bench.runtime.clients.dynamo.send(new DeleteTableCommand({ TableName })));

/** Calls migrateProductsEnhanced with hardly any time until it has made its table. */
async function shortUntilTable(): Promise<ManualOutcome> {
  const outcome = await migrateAlone(bench.runtime, shortTurn());
  const { TableNames = [] } = await bench.runtime.clients.dynamo.send(new ListTablesCommand({}));
  return TableNames.includes(targetName) ? outcome : shortUntilTable();
}

/** It must have begun again, and say which run it left and how that one is rolled back. */
function expectBegunAgain(outcome: ManualOutcome, old: ManualOutcome | undefined, because: string): void {
  expect(outcome.done).toBe(true);
  expect(outcome.message).toContain(because);
  expect(outcome.runId).not.toBe(old?.runId);
  expect(outcome.message).toContain(`npm run rollback -- --stage test ${old?.runId ?? 'manual-'}`);
}

describe('a table that a step alone has created, which nothing closes', () => {
  /** The shop writes an item right before the step writes its first one into the table. */
  function beforeFirstWrite(item: WireItem): Runtime {
    let write: Promise<void> | undefined;
    const { items } = bench.runtime;
    return bench.withItems({
      async putIf(table, one, condition) {
        await (write ??= bench.fill(table, [item]));
        return items.putIf(table, one, condition);
      },
    });
  }

  it('keeps what the shop has written under a key of the migration', async () => {
    await sealed(2);
    const ofShop = { PK: { S: 'PRODUCT#p-1' }, SK: { S: 'METADATA' }, note: { S: 'of the shop' } };
    await migrateAlone(beforeFirstWrite(ofShop), longTurn());
    const items = await itemsOf(bench.runtime, targetName);
    expect([...items.values()].filter(({ note }) => note !== undefined)).toEqual([ofShop]);
    expect(items.size).toBe(10);
  });

  it('keeps what the shop has written under a key that is restored', async () => {
    await sealed(2);
    const ofShop = { id: { S: 'p-1' }, note: { S: 'of the shop' } };
    await expect(restoreAlone(beforeFirstWrite(ofShop), longTurn())).rejects.toThrow('present: 1, not 0');
    const { TableNames = [] } = await bench.runtime.clients.dynamo.send(new ListTablesCommand({}));
    const restored = TableNames.find((name) => name.startsWith('products-restored-')) ?? '';
    const { items } = await bench.runtime.items.scanPage({
      tableName: restored,
      segment: 0,
      totalSegments: 1,
    });
    expect(items).toHaveLength(2);
    expect(items).toContainEqual(ofShop);
  });
});

describe('migrateProductsEnhanced called again', () => {
  const failing = (): Runtime =>
    bench.withItems({ putIf: () => Promise.reject(awsError('ValidationException')) });

  it('works on the newest backup when the call before failed, and names the run that failed', async () => {
    await sealed(6);
    await expect(migrateAlone(failing(), longTurn())).rejects.toThrow('ValidationException');
    await bench.fill(sourceTable, [sizedProduct(7)]);
    const backupId = await newerBackup();
    const again = await migrateAlone(bench.runtime, longTurn());
    expectBegunAgain(again, undefined, 'because it failed');
    expect(again.result).toMatchObject({ backupId, products: 7 });
    expect((await readRun(bench.runtime.ledger, again.runId)).warnings).toEqual([
      expect.stringContaining('It began again'),
    ]);
  });

  it('works on the newest backup when the call before was short of time with an older one', async () => {
    await sealed(6);
    const first = await migrateAlone(bench.runtime, shortTurn());
    const backupId = await newerBackup();
    const again = await migrateAlone(bench.runtime, longTurn());
    expectBegunAgain(again, first, `the newest is ${backupId}`);
    expect(again.result).toMatchObject({ backupId, items: 30 });
  });

  it('begins again when its table was removed by hand', async () => {
    await sealed(6);
    const first = await shortUntilTable();
    await removeTable(targetName);
    const again = await migrateAlone(bench.runtime, longTurn());
    expectBegunAgain(again, first, `its table ${targetName} is gone`);
    expect(await itemsOf(bench.runtime, targetName)).toHaveProperty('size', 30);
  });

  it('begins again when its table was replaced by hand, and overwrites nothing there', async () => {
    await sealed(6);
    const first = await shortUntilTable();
    await removeTable(targetName);
    await bench.createTable(createTableInput(catalogueTable, { name: targetName, tags: {} }));
    const foreign = { PK: { S: 'PRODUCT#p-1' }, SK: { S: 'METADATA' }, note: { S: 'written by the shop' } };
    await bench.fill(targetName, [foreign]);
    const again = await migrateAlone(bench.runtime, longTurn());
    expectBegunAgain(again, first, `table ${targetName} is not the one that it began with`);
    expect([...(await itemsOf(bench.runtime, targetName)).values()]).toContainEqual(foreign);
  });

  it('never fails for ever: when the call before failed because its table was gone, it makes another', async () => {
    await sealed(6);
    let removal: Promise<void> | undefined;
    const removing = bench.withItems({
      async putIf(table, item, condition) {
        await (removal ??= removeTable(targetName));
        return bench.runtime.items.putIf(table, item, condition);
      },
    });
    await expect(migrateAlone(removing, longTurn())).rejects.toMatchObject({ name: 'TableUnavailableError' });
    const again = await migrateAlone(bench.runtime, longTurn());
    expectBegunAgain(again, undefined, 'because it failed (TableUnavailableError)');
    expect(again.result).toMatchObject({ items: 30, alreadyPresent: 0 });
  });

  it.each([
    [day - 60_000, true],
    [day + 60_000, false],
  ])('goes on within a day, and not later (%i milliseconds later: %s)', async (millis, goesOn) => {
    await sealed(6);
    const first = await migrateAlone(bench.runtime, shortTurn());
    const second = await migrateAlone(later(millis), longTurn());
    expect(second.done).toBe(true);
    expect(second.runId === first.runId).toBe(goesOn);
    if (!goesOn) expectBegunAgain(second, first, 'it began more than a day ago');
  });

  it('begins again when the service was deployed for other tables meanwhile', async () => {
    await sealed(6);
    const first = await migrateAlone(bench.runtime, shortTurn());
    const config = { ...bench.runtime.config, tablePrefix: 'other-' };
    const again = await migrateAlone({ ...bench.runtime, config }, longTurn());
    expectBegunAgain(again, first, 'deployed for other tables');
    expect(again.result).toMatchObject({ table: 'other-products-enhanced', items: 30 });
  });

  it.each([
    ['goes on with nothing', async () => void (await migrateAlone(bench.runtime, shortTurn()))],
    ['does not begin', async () => undefined],
  ])('%s once a sync has followed the source since its backup was made', async (_, before) => {
    await sealed(6);
    await before();
    await followed();
    await expect(migrateAlone(bench.runtime, longTurn())).rejects.toMatchObject({
      name: 'BackupOutdatedError',
      message: expect.stringMatching(
        /Sync sync-1 followed table products [^]*-f backupProducts\n[^]*-f migrateProd/,
      ),
    });
    const { TableNames = [] } = await bench.runtime.clients.dynamo.send(new ListTablesCommand({}));
    expect(TableNames).not.toContain(targetName);
    await newerBackup();
    expect(await migrateAlone(bench.runtime, longTurn())).toMatchObject({ done: true });
  });

  it('writes nothing where a sync has begun and ended between the look and the lock', async () => {
    await sealed(6);
    let isFollowed: Promise<void> | undefined;
    const clients = { ...bench.runtime.clients };
    clients.tables = Object.create(clients.tables, {
      send: {
        value: async (...sent: Parameters<typeof clients.tables.send>) => {
          await (isFollowed ??= followed());
          return bench.runtime.clients.tables.send(...sent);
        },
      },
    }) as typeof clients.tables;
    await expect(migrateAlone({ ...bench.runtime, clients }, longTurn())).rejects.toMatchObject({
      name: 'BackupOutdatedError',
    });
    const { TableNames = [] } = await bench.runtime.clients.dynamo.send(new ListTablesCommand({}));
    expect(TableNames).not.toContain(targetName);
  });

  it('says nothing of older runs once a call has succeeded', async () => {
    await sealed(6);
    await expect(migrateAlone(failing(), longTurn())).rejects.toThrow('ValidationException');
    await migrateAlone(bench.runtime, longTurn());
    const third = await migrateAlone(bench.runtime, longTurn());
    expect(third.message).toBe('migrateProductsEnhanced is complete.');
  });
});

describe('backupProducts called again', () => {
  const filled = async (): Promise<void> => {
    bench = await startBench();
    await bench.createTable(productsTable);
    await bench.fill(sourceTable, sizedProducts(40));
  };

  const smallPages = (): Runtime =>
    bench.withItems({
      scanPage: (request) => bench.runtime.items.scanPage({ ...request, limit: 2 }),
    });

  it.each([0, 1, 3])('makes a new backup where segment %i failed a day ago', async (segment) => {
    await filled();
    const failing = bench.withItems({
      scanPage: (request) =>
        request.segment === segment
          ? Promise.reject(awsError('ValidationException'))
          : bench.runtime.items.scanPage(request),
    });
    await expect(backupAlone(failing, longTurn())).rejects.toThrow('ValidationException');
    await bench.fill(
      sourceTable,
      sizedProducts(40).map((item) => ({ ...item, price: { S: '999' } })),
    );
    const again = await backupAlone(later(day), longTurn());
    expectBegunAgain(again, undefined, 'because it failed');
    expect(again.result).toMatchObject({ items: 40 });
    const { backupId } = await readRun(bench.runtime.ledger, again.runId);
    const texts = [...bench.objects.bodies.keys()].filter((key) => key.includes(backupId));
    expect(texts.length).toBeGreaterThan(0);
  });

  it('makes a new backup when the source is another table than the one that it had begun with', async () => {
    await filled();
    const first = await backupAlone(smallPages(), shortTurn());
    expect(first.done).toBe(false);
    await removeTable(sourceTable);
    await bench.runtime.clients.dynamo.send(new CreateTableCommand(productsTable));
    await bench.fill(sourceTable, sizedProducts(3));
    const again = await backupAlone(bench.runtime, longTurn());
    expectBegunAgain(again, first, 'table products is not the one that it began with');
    expect(again.result).toMatchObject({ items: 3 });
  });

  it('backs up a table that has become empty', async () => {
    bench = await startBench();
    await bench.createTable(productsTable);
    expect(await backupAlone(bench.runtime, longTurn())).toMatchObject({
      done: true,
      result: { files: 0, items: 0 },
    });
  });

  it('goes on with the same backup where it was short of time', async () => {
    await filled();
    const first = await backupAlone(smallPages(), shortTurn());
    expect(first.done).toBe(false);
    const second = await backupAlone(bench.runtime, longTurn());
    expect(second).toMatchObject({ done: true, runId: first.runId, message: 'backupProducts is complete.' });
  });
});

describe('the other steps called again', () => {
  it('restoreFromBackup begins again when its table was removed by hand', async () => {
    await sealed(120);
    const first = await restoreAlone(bench.runtime, shortTurn());
    expect(first).toMatchObject({ done: false, result: { step: 'RestoreProducts' } });
    const { details } = await readRun(bench.runtime.ledger, first.runId);
    await removeTable(String(details?.['targetTable']));
    const again = await restoreAlone(later(2_000), longTurn());
    expectBegunAgain(again, first, 'is gone');
    expect(again.result).toMatchObject({ written: 120 });
  });

  it('createCartTable makes its table again, whatever became of the one before', async () => {
    bench = await startBench();
    await createAlone(bench.runtime, cartTable, longTurn());
    await removeTable(cartTable.name);
    expect(await createAlone(bench.runtime, cartTable, longTurn())).toMatchObject({
      done: true,
      result: { outcome: 'CREATED' },
    });
  });
});

describe('two calls of one step', () => {
  it('have an execution of their own each, so that a late call changes nothing more', async () => {
    bench = await startBench();
    const arns: string[] = [];
    const turnOf = (call: number): Turn => ({ ...longTurn(), requestId: `request-${call}` });
    const step = (turn: Turn, done: boolean): Promise<ManualOutcome> =>
      withManualRun(bench.runtime, turn, {
        step: 'backupProducts',
        work: async ({ runId, executionArn }) => {
          const now = await readRun(bench.runtime.ledger, runId);
          for (const arn of arns)
            expect(() => assertOpen(now, arn)).toThrow(
              expect.objectContaining({ name: 'RunClosedError' }) as Error,
            );
          assertOpen(now, executionArn);
          arns.push(executionArn);
          return { done, result: {} };
        },
      });
    const first = await step(turnOf(1), false);
    const second = await step(turnOf(2), false);
    const third = await step(turnOf(3), true);
    expect(arns).toEqual([1, 2, 3].map((call) => `manual:${first.runId}:request-${call}`));
    expect([second.runId, third.runId]).toEqual([first.runId, first.runId]);
  });

  it('do not both report success: one whose run was closed by somebody else fails', async () => {
    bench = await startBench();
    const call = withManualRun(bench.runtime, longTurn(), {
      step: 'backupProducts',
      work: async (run) => {
        const change = { run, to: 'HELD', lock: 'release', writer: 'somebody' } as const;
        await transition(bench.runtime.ledger, change);
        return { done: true, result: {} };
      },
    });
    await expect(call).rejects.toMatchObject({ name: 'RunClosedError' });
  });
});
