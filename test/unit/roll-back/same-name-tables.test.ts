import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rollBack } from '../../../functions/roll-back/roll-back.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import type { RollBackTurn } from '../../../functions/shared/state.ts';
import { evenAndOdd } from '../../support/two-tables.ts';
import { commitBench, driveRun } from '../complete-run/commit-bench.ts';
import { type Bench, longTurn, products } from '../files/backup-bench.ts';
import { failedInput } from '../migrate/migrate-bench.ts';

let bench: Bench;
let run: Run;
afterEach(() => bench.stop());

const itemsIn = async (of: Bench, tableName: string): Promise<readonly WireItem[]> =>
  (await of.runtime.items.scanPage({ tableName, segment: 0, totalSegments: 1 })).items;

/** A run `run-1` of products that go into two tables. */
async function begun(): Promise<{ readonly bench: Bench; readonly run: Run }> {
  const started = await commitBench(products(4));
  return {
    ...started,
    bench: { ...started.bench, runtime: { ...started.bench.runtime, migration: evenAndOdd } },
  };
}

async function rolledBack(): Promise<RollBackTurn> {
  let turn = await rollBack(bench.runtime, failedInput(), longTurn());
  while (!turn.done) turn = await rollBack(bench.runtime, failedInput(), longTurn());
  return turn;
}

describe('two tables with items of a run of another ledger that had the same name', () => {
  beforeEach(async () => {
    const other = await begun();
    await driveRun(other.bench, other.run);
    ({ bench, run } = await begun());
    for (const spec of evenAndOdd.targets) {
      await bench.createTable(createTableInput(spec, { name: spec.name, tags: {} }));
      await bench.fill(spec.name, await itemsIn(other.bench, spec.name));
    }
    await other.bench.stop();
  });

  it('keep all of them when that run is rolled back, though it has met them in one table only', async () => {
    const before = [await itemsIn(bench, 'even'), await itemsIn(bench, 'odd')];
    await expect(driveRun(bench, run)).rejects.toThrow(
      'Table even holds items with the mark of this run (migrationRun = run-1)',
    );
    const { end, cause } = await rolledBack();
    expect([await itemsIn(bench, 'even'), await itemsIn(bench, 'odd')]).toEqual(before);
    expect(end).toBe('ROLLBACK_FAILED');
    expect(cause).toContain('even is not as it was before the run: 2 items marked as those of run run-1');
    expect(cause).toContain('odd is not as it was before the run: 2 items marked as those of run run-1');
  });
});
