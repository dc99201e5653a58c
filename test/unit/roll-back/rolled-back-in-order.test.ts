import { afterEach, describe, expect, it } from 'vitest';
import { rollBack } from '../../../functions/roll-back/roll-back.ts';
import { stringAttribute } from '../../../functions/shared/items/wire-item.ts';
import { runKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { readRun } from '../../../functions/shared/ledger/run.ts';
import { updateIf } from '../../../functions/shared/ledger/store.ts';
import { noteTable, recordTable } from '../../../functions/shared/ledger/table-record.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import type { Report } from '../../../functions/shared/runs/report.ts';
import type { RollBackTurn } from '../../../functions/shared/state.ts';
import { longTurn } from '../files/backup-bench.ts';
import {
  changeSource,
  executionOf,
  type MigrateBench,
  type MigrateBenchOptions,
  migrateBench,
  replacing,
  shopItem,
  sizedProduct,
  sizedProducts,
  snapshot,
  targetName,
} from '../migrate/migrate-bench.ts';

let bench: MigrateBench;
afterEach(() => bench.stop());

/** Table that was there before all runs, with the first run's items in it. */
async function firstRun(options: MigrateBenchOptions = {}): Promise<void> {
  bench = await migrateBench({ products: sizedProducts(3), existing: [shopItem], ...options });
  await bench.migrate();
}

/** The source has another price for the product of this index, so the run replaces its four variants. */
async function replaceBy(runId: string, price: string): Promise<void> {
  await changeSource(bench, sizedProduct(2, { price: { S: price } }));
  await bench.migrate(await bench.nextRun(runId, replacing));
}

async function succeed(runId: string): Promise<void> {
  const { ledger } = bench.runtime;
  const run = await readRun(ledger, runId);
  await transition(ledger, { run, to: 'SUCCEEDED', lock: 'release', writer: `end:${runId}` });
}

async function rolledBack(runId: string): Promise<RollBackTurn & { readonly report: Report }> {
  const input = {
    machine: 'rollback',
    execution: executionOf(`roll-back-${runId}`),
    input: { runId, confirm: runId },
  } as const;
  let turn = await rollBack(bench.runtime, input, longTurn());
  while (!turn.done) turn = await rollBack(bench.runtime, input, longTurn());
  return turn as RollBackTurn & { readonly report: Report };
}

/** How many items each run has in the table. */
async function itemsByRun(): Promise<Readonly<Record<string, number>>> {
  const marks = [...(await bench.target()).values()].map(
    (item) => stringAttribute(item, 'migrationRun') ?? 'shop',
  );
  return Object.fromEntries([...Map.groupBy(marks, (mark) => mark)].map(([mark, all]) => [mark, all.length]));
}

describe('a run that has replaced items of a run that was rolled back since', () => {
  it('does not bring them back when it is rolled back itself, and says so', async () => {
    await firstRun();
    await replaceBy('run-2', '170');
    await succeed('run-2');
    expect(await rolledBack('run-1')).toMatchObject({ end: 'ROLLED_BACK' });
    expect(await itemsByRun()).toEqual({ shop: 1, 'run-2': 4 });

    const { end, report } = await rolledBack('run-2');

    expect(end).toBe('ROLLED_BACK');
    expect(await itemsByRun()).toEqual({ shop: 1 });
    expect(report.rolledBack).toMatchObject({ deleted: 4, restored: 0, kept: 0 });
    expect(report.warnings).toContain(
      `Items of run run-1 were not put back into table ${targetName}, because that run has been rolled back since.`,
    );
  });

  it('does not bring back those that it has removed either', async () => {
    await firstRun();
    await changeSource(bench, sizedProduct(1, { sizes: { L: [{ S: 'S' }] } }));
    await bench.migrate(await bench.nextRun('run-2', replacing));
    await succeed('run-2');
    await rolledBack('run-1');
    expect(await rolledBack('run-2')).toMatchObject({ end: 'ROLLED_BACK' });
    expect(await itemsByRun()).toEqual({ shop: 1 });
  });

  it('brings back what that run had replaced itself', async () => {
    await firstRun();
    const before = await snapshot(bench);
    await replaceBy('run-2', '170');
    await replaceBy('run-3', '180');
    await succeed('run-3');
    await rolledBack('run-2');
    expect(await itemsByRun()).toEqual({ shop: 1, 'run-1': 10, 'run-3': 4 });
    expect(await rolledBack('run-3')).toMatchObject({
      end: 'ROLLED_BACK',
      report: { rolledBack: { deleted: 0, restored: 4 } },
    });
    expect(await snapshot(bench)).toBe(before);
  });

  it('brings nothing back where all of the runs before it were rolled back', async () => {
    await firstRun();
    await replaceBy('run-2', '170');
    await replaceBy('run-3', '180');
    await succeed('run-3');
    await rolledBack('run-1');
    await rolledBack('run-2');
    await rolledBack('run-3');
    expect(await itemsByRun()).toEqual({ shop: 1 });
  });

  it('brings that run’s items back where its own copy of what it had replaced is gone', async () => {
    await firstRun();
    await replaceBy('run-2', '170');
    await replaceBy('run-3', '180');
    await succeed('run-3');
    await rolledBack('run-2');
    for (const key of bench.objects.bodies.keys())
      if (key.includes('run-2/undo/')) bench.objects.bodies.delete(key);
    await rolledBack('run-3');
    expect(await itemsByRun()).toEqual({ shop: 1, 'run-1': 10, 'run-2': 4 });
  });
});

describe('a run that has replaced items of a run whose roll back has left its items in the table', () => {
  const setRolledBack = (finishedAt = new Date().toISOString()) =>
    updateIf(bench.runtime.ledger, runKey('run-1'), { set: { status: 'ROLLED_BACK', finishedAt } });

  it.each([
    [
      'for a later run that relies on them',
      () => noteTable(bench.runtime.ledger, { runId: 'run-1', name: targetName }, { itemsKept: true }),
    ],
    [
      'because the table was kept whole',
      () => recordTable(bench.runtime.ledger, 'run-1', { name: targetName, outcome: 'KEPT' }),
    ],
    [
      'because somebody has written them again before they were replaced',
      () => setRolledBack('2026-01-01T00:00:00.000Z'),
    ],
    [
      'because it was another table, and this one holds copies',
      () =>
        noteTable(bench.runtime.ledger, { runId: 'run-1', name: targetName }, {
          tableId: 'another',
        } as object),
    ],
  ])('brings them back: %s', async (_, leave) => {
    await firstRun();
    const before = await snapshot(bench);
    await replaceBy('run-2', '170');
    await succeed('run-2');
    await setRolledBack();
    await leave();
    expect(await rolledBack('run-2')).toMatchObject({ end: 'ROLLED_BACK' });
    expect(await snapshot(bench)).toBe(before);
  });
});
