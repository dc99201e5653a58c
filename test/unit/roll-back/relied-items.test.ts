import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ItemsVerdict, mayTakeItems } from '../../../functions/roll-back/relied-items.ts';
import { saveShard } from '../../../functions/shared/ledger/shard.ts';
import { fakePolicies, type FakePolicies } from '../../support/fake-policies.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun } from '../../support/sample-run.ts';

let world: LedgerWorld;
let fake: FakePolicies;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(async () => {
  await world.reset();
  fake = fakePolicies(world);
});
afterAll(() => world.stop());

const markedAt = 2_000_000;
const name = 'products-enhanced';

/** A roll back has removed some of the run's items from the table. */
async function removedSome(basis: string): Promise<void> {
  const work = { done: false, turns: 1, counters: {}, digests: {}, startedAt: 1, updatedAt: 1, marks: [] };
  const shard = { state: 'RollBack', shard: 0, basis, ...work } as const;
  await saveShard(world.observer.ledger, { runId: 'a', shard, previousVersion: 0, writer: 'w' });
}

/** What this roll back, for which an operator has named the later run, may do with the run's items. */
async function verdict(): Promise<ItemsVerdict> {
  const run = { ...(await begunRun(world, 'a')), markedAt };
  const fence = { check: () => Promise.resolve() };
  const deadline = world.clock.now() + 60_000;
  const relied = () => ({ kind: 'back up first' }) as const;
  const scope = { run, tables: [], fence, deadline, relied, hasBegunToFill: true };
  const record = { name, outcome: 'EXISTED', intentAt: 1, tableId: 'id' } as const;
  const table = { TableName: name, TableId: 'id' };
  return mayTakeItems(fake.runtime, scope, { record, replacedBy: undefined, table });
}

describe('a table with items that a later run relies on', () => {
  it('is backed up before the run’s items are removed', async () => {
    expect(await verdict()).toEqual({ kind: 'wait' });
    expect(fake.backups).toMatchObject([{ TableName: name }]);
  });

  it('is not backed up once this roll back has removed some of them', async () => {
    await removedSome(`${markedAt} id`);
    expect(await verdict()).toEqual({ kind: 'take' });
    expect(fake.backups).toEqual([]);
  });

  it('is backed up although an earlier roll back of the run has removed some of them', async () => {
    await removedSome(`${markedAt - 1_000_000} id`);
    expect(await verdict()).toEqual({ kind: 'wait' });
    expect(fake.backups).toHaveLength(1);
  });

  it('is backed up although this roll back has removed some from an earlier table of that name', async () => {
    await removedSome(`${markedAt} another-id`);
    expect(await verdict()).toEqual({ kind: 'wait' });
    expect(fake.backups).toHaveLength(1);
  });
});
