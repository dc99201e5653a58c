import { afterEach, describe, expect, it } from 'vitest';
import { rollBack } from '../../../functions/roll-back/roll-back.ts';
import { rollBackTargets } from '../../../functions/roll-back/roll-back-target.ts';
import { rollBackItems } from '../../../functions/roll-back/roll-back-items.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import { stringAttribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';
import { listTables } from '../../../functions/shared/ledger/table-record.ts';
import { readRun, type Run } from '../../../functions/shared/ledger/run.ts';
import { SINGLE_PLAN } from '../../../functions/shared/runs/cut-work.ts';
import { newRunOf } from '../../../functions/shared/runs/new-run.ts';
import { evenAndOdd, oddAndEven } from '../../support/two-tables.ts';
import { commitBench, driveRun } from '../complete-run/commit-bench.ts';
import { type Bench, longTurn, product, products, sourceTable } from '../files/backup-bench.ts';
import { executionOf, failedInput, holding, noted, replacing } from '../migrate/migrate-bench.ts';

let bench: Bench;
afterEach(() => bench.stop());

const scanned = async (tableName: string): Promise<readonly WireItem[]> =>
  (await bench.runtime.items.scanPage({ tableName, segment: 0, totalSegments: 1 })).items;

const itemsOf = async (tableName: string): Promise<readonly string[]> =>
  (await scanned(tableName)).map(canonicalJson);

/** A run that has replaced one item of each of two tables. */
async function replaced(): Promise<{ readonly run: Run; readonly before: readonly string[] }> {
  const started = await commitBench(products(4));
  bench = { ...started.bench, runtime: { ...started.bench.runtime, migration: evenAndOdd } };
  await driveRun(bench, started.run);
  const before = await itemsOf('odd');
  await bench.fill(sourceTable, [product(0, { note: { S: 'new' } }), product(1, { note: { S: 'new' } })]);
  const execution = { name: 'run-2', startTime: '2026-01-03T00:00:00.000Z' };
  const { settings } = newRunOf(bench.runtime, execution, SINGLE_PLAN);
  const run = await bench.begin('run-2', {}, { ...replacing, settings });
  await driveRun(bench, run);
  return { run, before };
}

describe('a roll back by code that does not fill a table any more', () => {
  it('takes nothing out of it, names it and fails', async () => {
    const { run } = await replaced();
    const standing = await itemsOf('odd');
    const filled = evenAndOdd.filled.filter(({ name }) => name === 'even');
    const runtime = { ...bench.runtime, migration: { ...evenAndOdd, filled } };
    const fence = { check: () => Promise.resolve() };
    const relied = () => ({ kind: 'free' }) as const;
    const outcomes = await rollBackTargets(runtime, {
      run: await readRun(bench.runtime.ledger, run.runId),
      tables: await listTables(bench.runtime.ledger, run.runId),
      fence,
      deadline: Date.now() + 60_000,
      relied,
      hasBegunToFill: true,
    });
    expect(outcomes).toEqual([
      { kind: 'done' },
      { kind: 'failed', sentence: expect.stringContaining('now fills no table odd') as string },
    ]);
    expect(await itemsOf('odd')).toEqual(standing);
  });
});

describe('a roll back by code that has the tables in another order', () => {
  it('finds what the run has replaced in each of them', async () => {
    const { run, before } = await replaced();
    expect(await itemsOf('odd')).not.toEqual(before);
    const runtime = { ...bench.runtime, migration: oddAndEven };
    const scope = { run, tableName: 'odd', deadline: Date.now() + 60_000, check: () => Promise.resolve() };
    expect(await rollBackItems(runtime, scope)).toMatchObject({ done: true, deleted: 0, restored: 1 });
    expect(await itemsOf('odd')).toEqual(before);
  });
});

describe('the Cause of a roll back in two tables', () => {
  it('says of each what has become of the items in that one', async () => {
    await replaced();
    const [item = {}] = (await scanned('odd')).filter((one) => stringAttribute(one, 'PK') === 'p-1');
    await bench.fill('odd', [noted(item)]);
    const input = {
      machine: 'rollback',
      execution: executionOf('by-hand'),
      input: { runId: 'run-2', confirm: 'run-2' },
    } as const;
    let turn = await rollBack(bench.runtime, input, longTurn());
    while (!turn.done) turn = await rollBack(bench.runtime, input, longTurn());
    expect(turn.cause).toContain('as it was before: 0 items of this run deleted again, 1 put back: even');
    expect(turn.cause).toContain('1 item with the mark of this run stays in it (p-1): odd');
  });
});

describe('the Cause of a held run in two tables that existed before', () => {
  it('says of each how many items of the run are in that one', async () => {
    const started = await commitBench(products(3), { run: holding });
    bench = { ...started.bench, runtime: { ...started.bench.runtime, migration: evenAndOdd } };
    for (const spec of evenAndOdd.targets)
      await bench.createTable(createTableInput(spec, { name: spec.name, tags: {} }));
    const failure = new Error('Something else.');
    const driven = driveRun(bench, started.run, (stage) =>
      stage === 'VerifyMigration' ? Promise.reject(failure) : Promise.resolve(),
    );
    await expect(driven).rejects.toThrow(failure.message);
    const { end, cause } = await rollBack(bench.runtime, failedInput(), longTurn());
    expect(end).toBe('HELD');
    expect(cause).toContain('there before, with at least 2 items of this run: even');
    expect(cause).toContain('there before, with at least 1 item of this run: odd');
  });
});
