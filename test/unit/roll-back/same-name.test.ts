import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rollBack } from '../../../functions/roll-back/roll-back.ts';
import { stringAttribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';
import type { RollBackTurn } from '../../../functions/shared/state.ts';
import { longTurn } from '../../support/sample-run.ts';
import {
  failedInput,
  type MigrateBench,
  migrateBench,
  sizedProducts,
  snapshot,
} from '../migrate/migrate-bench.ts';

let bench: MigrateBench;
/** Items of a run `run-1` that another ledger knows. */
let theirs: readonly WireItem[];
beforeEach(async () => {
  const other = await migrateBench({ products: sizedProducts(3), existing: [] });
  await other.migrate();
  theirs = [...(await other.target()).values()];
  await other.stop();
});
afterEach(() => bench.stop());

async function rolledBack(): Promise<RollBackTurn> {
  for (let turns = 0; turns < 50; turns += 1) {
    const turn = await rollBack(bench.runtime, failedInput(), longTurn);
    if (turn.done) return turn;
  }
  throw new Error('The roll back does not end.');
}

describe('a table with items of a run of another ledger that had the same name', () => {
  beforeEach(async () => void (bench = await migrateBench({ products: sizedProducts(3), existing: theirs })));

  it('stops the run before it takes them for its own', async () => {
    await expect(bench.migrate()).rejects.toThrow(
      'Table products-enhanced holds items with the mark of this run (migrationRun = run-1) that it has not written, such as PRODUCT#p-',
    );
  });

  it('stops it again when it is called again, as after a hold', async () => {
    await expect(bench.migrate()).rejects.toThrow('has had the same name');
    const resumed = await bench.resume(bench.run);
    await expect(bench.migrate(resumed)).rejects.toThrow('has had the same name');
  });

  it('stops it also if a call has died before it had looked', async () => {
    const killed = Object.assign(new Error('The worker has died.'), { name: 'Killed' });
    const dying = bench.withItems({ batchGet: () => Promise.reject(killed) });
    await expect(bench.migrate(bench.run, dying)).rejects.toThrow('The worker has died.');
    await expect(bench.migrate()).rejects.toThrow('has had the same name');
  });

  it('keeps them when that run is rolled back, and the roll back names them', async () => {
    const before = await snapshot(bench);
    await expect(bench.migrate()).rejects.toThrow('has had the same name');
    const { end, cause } = await rolledBack();
    expect(await snapshot(bench)).toBe(before);
    expect(end).toBe('ROLLBACK_FAILED');
    expect(cause).toContain(
      '15 items marked as those of run run-1, of which nothing shows whether it has written them or a run of that name that this ledger does not know (PRODUCT#p-',
    );
  });

  it('keeps them when a run is rolled back that has not written anything', async () => {
    const before = await snapshot(bench);
    const { end, cause, report } = await rolledBack();
    expect(await snapshot(bench)).toBe(before);
    expect(end).toBe('ROLLED_BACK');
    expect(report).toMatchObject({ rolledBack: { deleted: 0, kept: 0 } });
    expect(cause).toContain('untouched, because it existed before: products-enhanced');
    expect(cause).toContain(
      '15 items marked as those of run run-1 were left alone, because by the ledger it had not written any yet',
    );
  });
});

describe('a worker that is called again after it has written', () => {
  it('takes the items with the mark of its run for its own', async () => {
    bench = await migrateBench({ products: sizedProducts(3), existing: [] });
    let isCut = false;
    const cut = bench.withItems({
      async putIf(table, item, condition) {
        const outcome = await bench.runtime.items.putIf(table, item, condition);
        if (isCut || stringAttribute(item, 'SK') === 'METADATA') return outcome;
        isCut = true;
        throw Object.assign(new Error('The worker has died.'), { name: 'Killed' });
      },
    });
    await expect(bench.migrate(bench.run, cut)).rejects.toThrow('The worker has died.');
    expect(await bench.migrate()).toMatchObject({ done: true });
    expect(await bench.target()).toHaveProperty('size', 15);
  });
});
