import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { productsEnhancedTable } from '../../../functions/migrations/shop/tables/products-enhanced.ts';
import { rollBackTargets } from '../../../functions/roll-back/roll-back-target.ts';
import type { TableRollBackScope } from '../../../functions/roll-back/roll-back-table.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { isOfRun } from '../../../functions/shared/migration/as-written.ts';
import { listTables } from '../../../functions/shared/ledger/table-record.ts';
import { readRun, type Run } from '../../../functions/shared/ledger/run.ts';
import { readRecords } from '../../../functions/shared/ledger/run-records.ts';
import { buildReport } from '../../../functions/shared/runs/build-report.ts';
import type { Report } from '../../../functions/shared/runs/report.ts';
import { lookAtTables } from '../../../functions/shared/runs/report-tables.ts';
import { itemsInPlace } from '../../../workflow/cli/items-in-place.ts';
import { product } from '../files/backup-bench.ts';
import {
  changeSource,
  type MigrateBench,
  migrateBench,
  noted,
  replacing,
  shopItem,
  sizedProducts,
  targetName,
} from '../migrate/migrate-bench.ts';

let bench: MigrateBench;
afterEach(() => bench.stop());

/** Somebody deletes the target and makes another of its name, with these items. */
async function replace(items: readonly WireItem[]): Promise<void> {
  await bench.runtime.clients.dynamo.send(new DeleteTableCommand({ TableName: targetName }));
  await bench.createTable(createTableInput(productsEnhancedTable, { name: targetName, tags: {} }));
  await bench.fill(targetName, items);
}

async function rollBack(
  { runId }: Run,
  change: Partial<Run> = {},
  relied: TableRollBackScope['relied'] = () => ({ kind: 'free' }),
) {
  const run = { ...(await readRun(bench.runtime.ledger, runId)), markedAt: 1, ...change };
  return rollBackTargets(bench.runtime, {
    run,
    tables: await listTables(bench.runtime.ledger, runId),
    fence: { check: () => Promise.resolve() },
    deadline: Date.now() + 60_000,
    relied,
    hasBegunToFill: true,
  });
}

async function reportOf({ runId }: Run, status: Report['status'], change: Partial<Run> = {}) {
  const { runtime } = bench;
  const { run: now, ...ledger } = await readRecords(runtime.ledger, runId);
  const found = await lookAtTables(runtime, runId, ledger.tables);
  const end = { status, failure: null, finishedAt: Date.parse('2026-01-03'), found };
  const run = { ...now, ...change };
  const { tables, migrated } = buildReport(runtime, run, ledger, end);
  return { table: tables.find(({ name }) => name === targetName), items: migrated.items };
}

const contents = async (): Promise<readonly string[]> =>
  [...(await bench.target()).values()].map(canonicalJson).toSorted();
const texts = (items: readonly WireItem[]): readonly string[] => items.map(canonicalJson).toSorted();

/** A run has filled its new table, and its last items have gone to one that somebody has put in its place. */
async function replacedAtTheEnd(): Promise<{ readonly changed: WireItem; readonly untouched: WireItem }> {
  bench = await migrateBench({ products: sizedProducts(1) });
  await bench.migrate();
  const [changed, untouched] = [...(await bench.target()).values()];
  if (changed === undefined || untouched === undefined) throw new Error('Nothing was migrated.');
  return { changed: noted(changed), untouched };
}

describe('a new table that somebody replaces while the run writes to it', () => {
  it('keeps all but the items of the run, and the report says what the run did to it', async () => {
    const { changed, untouched } = await replacedAtTheEnd();
    await replace([changed, untouched, shopItem]);
    expect(await rollBack(bench.run)).toEqual([{ kind: 'done' }]);
    expect(await contents()).toEqual(texts([changed, shopItem]));
    const { table, items } = await reportOf(bench.run, 'ROLLED_BACK', { rolledBackFrom: 'RUNNING' });
    expect(items).toBe(1);
    expect(table).toMatchObject({ outcome: 'DELETED', isReplaced: true });
    expect(table?.remark).toMatch(
      /^somebody has replaced it by another table, with TableId \S+: 1 item of this run was deleted from it; the run did not look for items of others under its keys before it wrote; still there: 1 item that somebody has changed since \(PRODUCT#p-0 \/ \S+\)$/,
    );
  });

  it('is told apart from one that holds nothing of the run', async () => {
    await replacedAtTheEnd();
    await replace([shopItem]);
    await rollBack(bench.run);
    expect(await contents()).toEqual(texts([shopItem]));
    const { table, items } = await reportOf(bench.run, 'ROLLED_BACK', { rolledBackFrom: 'RUNNING' });
    expect(items).toBe(0);
    expect(table?.remark).toMatch(/: nothing of this run is left in it$/);
  });

  it('may hold items of the run while that is held, and its report says so', async () => {
    const { untouched } = await replacedAtTheEnd();
    await replace([untouched]);
    const { table } = await reportOf(bench.run, 'HELD');
    expect(table?.remark).toBe(
      'somebody has replaced it by another table, and items of this run may be in that one; the run did not look for items of others under its keys before it wrote',
    );
  });

  it('keeps the items that a later run relies on, its report says so, and the list of runs does not count them', async () => {
    const { untouched } = await replacedAtTheEnd();
    await replace([untouched]);
    const relied = () => ({ kind: 'keep', remark: 'run b relies on it' }) as const;
    expect(await rollBack(bench.run, {}, relied)).toEqual([{ kind: 'done' }]);
    expect(await contents()).toEqual(texts([untouched]));
    const { table } = await reportOf(bench.run, 'ROLLED_BACK', { rolledBackFrom: 'RUNNING' });
    expect(table?.remark).toMatch(/: the items of run \S+ stay in it, because run b relies on it$/);
    const run = { ...(await readRun(bench.runtime.ledger, bench.run.runId)), status: 'ROLLED_BACK' } as const;
    expect(await itemsInPlace(bench.runtime.ledger, run)).toBeUndefined();
  });
});

describe('a new table that somebody replaces after its run has succeeded', () => {
  it('is left alone by a roll back, also where it holds copies of the items of the run', async () => {
    const { untouched } = await replacedAtTheEnd();
    await replace([untouched]);
    expect(await rollBack(bench.run, { rolledBackFrom: 'SUCCEEDED' })).toEqual([]);
    expect(await contents()).toEqual(texts([untouched]));
    const { table } = await reportOf(bench.run, 'ROLLED_BACK', { rolledBackFrom: 'SUCCEEDED' });
    expect(table?.remark).toBe('somebody has replaced it by another table');
  });
});

/** A roll back has looked through the table and has kept the item that the shop has changed. */
async function keptInTheOneBefore(): Promise<{ readonly run: Run; readonly kept: WireItem }> {
  bench = await migrateBench({ products: sizedProducts(2) });
  await bench.migrate();
  await changeSource(bench, product(1));
  const run = await bench.nextRun('run-2', replacing);
  await bench.migrate(run);
  const own = [...(await bench.target()).values()].find((item) => isOfRun(item, run.runId));
  if (own === undefined) throw new Error('Nothing was migrated.');
  const kept = noted(own);
  await bench.fill(targetName, [kept]);
  await rollBack(run);
  return { run, kept };
}

describe('an existing table that somebody replaces', () => {
  it('gets nothing that the run has removed from the one before', async () => {
    bench = await migrateBench({ products: sizedProducts(2) });
    await bench.migrate();
    // The product has one size now, so `replace` removes the items of the others.
    await changeSource(bench, product(1));
    const run = await bench.nextRun('run-2', replacing);
    await bench.migrate(run);
    expect((await bench.shard(run))?.counters).toMatchObject({ staleRemoved: 4 });
    await replace([]);
    expect(await rollBack(run)).toEqual([{ kind: 'done' }]);
    expect(await contents()).toEqual([]);
    const { table } = await reportOf(run, 'ROLLED_BACK', { rolledBackFrom: 'RUNNING' });
    expect(table?.remark).toMatch(
      /^it existed before, and somebody has replaced it by another table, with TableId \S+: nothing of this run is left in it$/,
    );
  });

  it('is looked at again after the one before was looked through, and what that has kept is not counted', async () => {
    const { run, kept } = await keptInTheOneBefore();
    await replace([]);
    expect((await reportOf(run, 'ROLLED_BACK', { rolledBackFrom: 'RUNNING' })).items).toBe(0);
    await replace([kept]);
    expect(await rollBack(run)).toEqual([{ kind: 'done' }]);
    const { table, items } = await reportOf(run, 'ROLLED_BACK', { rolledBackFrom: 'RUNNING' });
    expect(items).toBe(1);
    expect(table?.remark).toMatch(/; still there: 1 item that somebody has changed since/);
    await replace([]);
    expect(await rollBack(run)).toEqual([{ kind: 'done' }]);
    const last = await reportOf(run, 'ROLLED_BACK', { rolledBackFrom: 'RUNNING' });
    expect(last.items).toBe(0);
    expect(last.table?.remark).toMatch(/: nothing of this run is left in it$/);
  });
});
