import { afterAll, beforeAll, expect, it } from 'vitest';
import { beginMigration } from '../../../functions/begin-run/begin-run.ts';
import { readRun } from '../../../functions/shared/ledger/run.ts';
import { SINGLE_PLAN } from '../../../functions/shared/runs/cut-work.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import { sampleExecution } from '../../support/sample-run.ts';

let world: LedgerWorld;
beforeAll(async () => void (world = await createLedgerWorld()));
afterAll(() => world.stop());

it('notes in the run, and not in its plan, which table TestConnection has found as the source', async () => {
  await beginMigration(world.observer, {
    machine: 'migrate',
    input: {},
    execution: sampleExecution('b'),
    tested: { plan: { ...SINGLE_PLAN, sourceTableId: 'table-1' } },
  });
  const { sourceTableId, plan } = await readRun(world.observer.ledger, 'b');
  expect(sourceTableId).toBe('table-1');
  expect(plan).not.toHaveProperty('sourceTableId');
});
