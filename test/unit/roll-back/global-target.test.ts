import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rollBack } from '../../../functions/roll-back/roll-back.ts';
import type { RollBackInput, RollBackTurn } from '../../../functions/shared/state.ts';
import { addReplica } from '../../support/add-replica.ts';
import { longTurn } from '../../support/sample-run.ts';
import {
  failedInput,
  type MigrateBench,
  migrateBench,
  requestedInput,
  shopItem,
  sizedProducts,
  snapshot,
  targetName,
} from '../migrate/migrate-bench.ts';

let bench: MigrateBench;
/** The table as it was before the run. */
let before: string;
beforeEach(async () => {
  bench = await migrateBench({ products: sizedProducts(3), existing: [shopItem] });
  before = await snapshot(bench);
});
afterEach(() => bench.stop());

async function rolledBack(input: RollBackInput): Promise<RollBackTurn> {
  for (let turns = 0; turns < 50; turns += 1) {
    const turn = await rollBack(bench.runtime, input, longTurn);
    if (turn.done) return turn;
  }
  throw new Error('The roll back does not end.');
}

describe('an existing table to which its owner has added a replica since the run', () => {
  it('keeps the items of the run, because conditions hold in one Region only, and is named', async () => {
    await bench.migrate();
    const filled = await snapshot(bench);
    addReplica(bench.runtime.clients.tables, targetName);
    const { end, cause, report } = await rolledBack(failedInput());
    expect(await snapshot(bench)).toBe(filled);
    expect(end).toBe('ROLLBACK_FAILED');
    expect(cause).toContain(
      'products-enhanced: the items of this run stay in it, because it is a global table with replicas (us-east-1)',
    );
    expect(cause).toContain('Remove its replicas, then roll the run back again');
    expect(report).toMatchObject({
      tables: [{ name: targetName, outcome: 'EXISTED', uncounted: true }],
    });
  });

  it('is as it was before after a roll back without the replicas', async () => {
    await bench.migrate();
    const removeReplica = addReplica(bench.runtime.clients.tables, targetName);
    expect(await rolledBack(failedInput())).toMatchObject({ end: 'ROLLBACK_FAILED' });
    removeReplica();
    expect(await rolledBack(requestedInput())).toMatchObject({ end: 'ROLLED_BACK' });
    expect(await snapshot(bench)).toBe(before);
  });

  it('does not fail the roll back of a run that has written nothing there', async () => {
    addReplica(bench.runtime.clients.tables, targetName);
    expect(await rolledBack(failedInput())).toMatchObject({ end: 'ROLLED_BACK' });
  });
});
