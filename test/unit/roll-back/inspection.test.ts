import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openLook } from '../../../functions/roll-back/inspection.ts';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import { announceTable, noteTable } from '../../../functions/shared/ledger/table-record.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun, executionArn } from '../../support/sample-run.ts';

let world: LedgerWorld;
let run: Run;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(async () => {
  await world.reset();
  run = { ...(await begunRun(world, 'a')), markedAt: 1 };
  for (const name of ['cart', 'orders'])
    await announceTable(world.observer.ledger, {
      runId: 'a',
      executionArn: executionArn('a'),
      name,
      now: world.clock.now(),
      outcome: 'INTENT',
    });
});
afterAll(() => world.stop());

const look = (tableName = 'cart', of = run) =>
  openLook<string>(world.observer, {
    run: of,
    tableName,
    deadline: 0,
    meter: { readUnits: 0, throttles: 0 },
  });

describe('a look into a table that was short of time', () => {
  beforeEach(async () => (await look()).save('page 2'));

  it('goes on where it stopped, each table for itself', async () => {
    await (await look('orders')).save('page 7');
    expect((await look()).place).toBe('page 2');
    expect((await look('orders')).place).toBe('page 7');
  });

  it('begins at the beginning once it is through', async () => {
    await (await look()).save(undefined);
    expect((await look()).place).toBeUndefined();
  });

  it('begins at the beginning in another roll back', async () => {
    expect((await look('cart', { ...run, markedAt: 2 })).place).toBeUndefined();
  });

  it('begins at the beginning once the table is closed, also where a late call notes what it saw before', async () => {
    const late = await look();
    await noteTable(world.observer.ledger, { runId: 'a', name: 'cart' }, { closedToAllAt: 5 });
    expect((await look()).place).toBeUndefined();
    await late.save('page 3');
    expect((await look()).place).toBeUndefined();
  });

  it('begins at the beginning directly before the deletion, also where a late call is still at the first look', async () => {
    const late = await look();
    await noteTable(world.observer.ledger, { runId: 'a', name: 'cart' }, { lookedThroughFor: 1 });
    await late.save('page 3');
    expect((await look()).place).toBeUndefined();
  });
});
