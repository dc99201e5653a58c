import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withMappings } from '../../support/fake-mappings.ts';
import { beginMigration } from '../../../functions/begin-run/begin-run.ts';
import { claimRun } from '../../../functions/roll-back/claim.ts';
import { recoverRuns } from '../../../functions/recover-run/recover-run.ts';
import { LEDGER_VERSION, runKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { noteReliance } from '../../../functions/shared/ledger/reliance.ts';
import { updateIf } from '../../../functions/shared/ledger/store.ts';
import { listRuns, readRun } from '../../../functions/shared/ledger/run.ts';
import { listTables } from '../../../functions/shared/ledger/table-record.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { SINGLE_PLAN } from '../../../functions/shared/runs/cut-work.ts';
import { cartTable } from '../../../functions/migrations/shop/tables/cart.ts';
import { ensureTable } from '../../../functions/shared/tables/ensure-table.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun, executionArn, sampleExecution, longTurn } from '../../support/sample-run.ts';

let world: LedgerWorld;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(async () => {
  await world.reset();
  await begunRun(world, 'a');
});
afterAll(() => world.stop());

/** What another version of the service has left. */
async function setVersion(version: number): Promise<void> {
  await updateIf(world.observer.ledger, runKey('a'), { set: { ledgerVersion: version } });
}

const begin = (input: Readonly<Record<string, unknown>>) =>
  beginMigration(world.observer, {
    machine: 'migrate',
    input,
    execution: sampleExecution('b'),
    tested: { plan: SINGLE_PLAN },
  });

describe.each([LEDGER_VERSION - 1, LEDGER_VERSION + 1])('a run of ledger version %i', (version) => {
  beforeEach(() => setVersion(version));

  it('is not resumed, and the refusal says which version to deploy', async () => {
    await expect(begin({ resume: 'a' })).rejects.toMatchObject({
      name: 'LedgerVersionError',
      message: expect.stringContaining('Deploy the version that began the run'),
    });
  });

  it('is named to the run that meets its lock', async () => {
    world.stepFunctions.executions.set(executionArn('a'), 'ABORTED');
    await expect(begin({})).rejects.toThrow('Run a was written by another version');
  });

  it('is not rolled back', async () => {
    const order = {
      runId: 'a',
      reason: 'operator',
      execution: sampleExecution('r', 'rollback'),
      failure: { error: 'Broken', cause: 'It broke.' },
    } as const;
    await expect(claimRun(world.observer, order, 'call')).rejects.toMatchObject({
      name: 'LedgerVersionError',
    });
  });

  it('is left to its own version by the schedule, which goes on with the others', async () => {
    world.stepFunctions.executions.set(executionArn('a'), 'ABORTED');
    expect(await recoverRuns(withMappings(world.observer), longTurn)).toEqual({ examined: 1, started: [] });
    expect(await listRuns(world.observer.ledger)).toMatchObject([{ runId: 'a', status: 'RUNNING' }]);
  });
});

describe.each([LEDGER_VERSION - 1, LEDGER_VERSION + 1])('an earlier run of ledger version %i', (version) => {
  const cart = (runId: string) =>
    ensureTable(world.observer, { spec: cartTable, runId, executionArn: executionArn(runId) });

  it.each(['ROLLED_BACK', 'SUCCEEDED'] as const)(
    'that is %s does not stop the next run from using its table, nor from relying on it',
    async (status) => {
      await cart('a');
      const run = await readRun(world.observer.ledger, 'a');
      const change = { to: 'ROLLING_BACK', lock: 'release', writer: 'end' } as const;
      if (status === 'SUCCEEDED')
        await transition(world.observer.ledger, { ...change, run, to: 'SUCCEEDED' });
      else {
        await transition(world.observer.ledger, { ...change, run, lock: 'keep' });
        const marked = await readRun(world.observer.ledger, 'a');
        await transition(world.observer.ledger, { ...change, run: marked, to: status, writer: 'done' });
      }
      await setVersion(version);
      await begunRun(world, 'b');

      expect(await cart('b')).toMatchObject({ name: 'cart' });
      const tables = await listTables(world.observer.ledger, 'b');
      const committed = { runId: 'b', committedAt: '2026-05-01T00:00:00.000Z' };
      const { facts } = await noteReliance(world.observer.ledger, committed, { tables, shards: [] });
      expect(facts).toEqual({ reliesOn: ['a'] });
    },
  );
});
