import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { beginMigration } from '../../../functions/begin-run/begin-run.ts';
import { createForRun } from '../../../functions/create-tables/create-table.ts';
import { cartTable } from '../../../functions/migrations/shop/tables/cart.ts';
import { findLock } from '../../../functions/shared/ledger/lock.ts';
import { lockKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { readRun, type RunStatus } from '../../../functions/shared/ledger/run.ts';
import { announceTable } from '../../../functions/shared/ledger/table-record.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { SINGLE_PLAN } from '../../../functions/shared/runs/cut-work.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import {
  begunRun,
  executionArn,
  longTurn,
  movedTo,
  removeByHand,
  sampleExecution,
} from '../../support/sample-run.ts';

let world: LedgerWorld;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(() => world.reset());
afterAll(() => world.stop());

/** A run that has announced table `cart`, of a source that the stage was deployed with before. */
async function otherRun(sourceTable = 'other-products'): Promise<void> {
  await begunRun(world, 'a', { sourceTable });
  const by = { runId: 'a', executionArn: executionArn('a'), name: 'cart', now: world.clock.now() };
  await announceTable(world.observer.ledger, { ...by, outcome: 'INTENT' });
}

async function end(to: RunStatus): Promise<void> {
  const { ledger } = world.observer;
  const run = await readRun(ledger, 'a');
  await transition(ledger, { run, to, lock: 'release', writer: 'end' });
}

const begin = (input: Readonly<Record<string, unknown>> = {}) =>
  beginMigration(world.observer, {
    machine: 'migrate',
    input,
    execution: sampleExecution('b'),
    tested: { plan: SINGLE_PLAN },
  });

const createCart = () => {
  const wanted = { spec: cartTable, runId: 'b', executionArn: executionArn('b') };
  return createForRun(world.observer, wanted, longTurn);
};

describe('a run whose target another source’s run works in', () => {
  it('does not begin while that run is RUNNING, and says what to wait for', async () => {
    await otherRun();
    await expect(begin()).rejects.toMatchObject({
      name: 'LockHeldError',
      message: expect.stringMatching(
        /^Run a of table other-products is RUNNING and works in table cart as well\..*Wait until it ends.* follow .*a/s,
      ) as string,
    });
    expect(await findLock(world.observer.ledger, 'products')).toBeUndefined();
  });

  it('does not begin while that run is HELD, and says how to roll it back', async () => {
    await otherRun();
    await movedTo(world, 'a', 'HELD');
    await expect(begin()).rejects.toThrow(/is HELD and works in table cart as well.*rollback .*a/s);
  });

  it('does not begin while that run is being rolled back', async () => {
    await otherRun();
    await movedTo(world, 'a', 'ROLLING_BACK');
    await expect(begin()).rejects.toThrow('Run a of table other-products is ROLLING_BACK');
  });

  it('begins once that run has ended', async () => {
    await otherRun();
    await end('SUCCEEDED');
    expect(await begin()).toMatchObject({ run: { outcome: 'BEGUN' } });
  });

  it('begins although that run has no end, if somebody has removed its lock and its workers stop', async () => {
    await otherRun();
    await removeByHand(world.observer.ledger, lockKey('other-products'));
    expect(await begin()).toMatchObject({ run: { outcome: 'BEGUN' } });
  });

  it('begins as a dry run, which writes into no table', async () => {
    await otherRun();
    expect(await begin({ dryRun: true })).toMatchObject({ run: { outcome: 'BEGUN' } });
  });

  it('stops before it writes, if that run has announced the table since', async () => {
    await begin();
    await otherRun();
    await expect(createCart()).rejects.toThrow('Run a of table other-products is RUNNING');
  });

  it('recovers a dead run of its own source, as before', async () => {
    await otherRun('products');
    world.stepFunctions.executions.set(executionArn('a'), 'ABORTED');
    expect(await begin()).toMatchObject({ run: { outcome: 'RECOVER', runId: 'a' } });
  });
});
