import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import { saveShard, type ShardState } from '../../../functions/shared/ledger/shard.ts';
import { itemsInPlace } from '../../../workflow/cli/items-in-place.ts';
import { type LedgerWorld, createLedgerWorld } from '../../support/ledger-world.ts';
import { begunRun } from '../../support/sample-run.ts';

let world: LedgerWorld;
beforeAll(async () => {
  world = await createLedgerWorld();
});
afterAll(() => world.stop());
beforeEach(() => world.reset());

async function saveItems(state: ShardState, shard: number, items: number): Promise<void> {
  await saveShard(world.observer.ledger, {
    runId: 'r1',
    previousVersion: 0,
    writer: 'w',
    shard: {
      state,
      shard,
      done: false,
      turns: 1,
      counters: { items },
      digests: {},
      startedAt: 0,
      updatedAt: 0,
      marks: [],
    },
  });
}

const rehearsed = { rehearsal: { metadata: 1_000, variants: 3_904 } } as Pick<Run, 'rehearsal'>;

describe('itemsInPlace', () => {
  it('are those that a roll back had to leave', async () => {
    const run = await begunRun(world, 'r1');
    await saveItems('MigrateProducts', 0, 40);
    await saveItems('RollBack', 0, 3);
    const rolledBack = { ...run, status: 'ROLLED_BACK' } as Run;
    expect(await itemsInPlace(world.observer.ledger, rolledBack)).toBe(3);
  });

  it.each([
    ['0 after a dry run', { status: 'PLANNED' }, 0],
    ['not counted of a sync', { kind: 'sync', status: 'SYNCING' }, undefined],
    ['not counted of a compare', { kind: 'compare', status: 'SUCCEEDED' }, undefined],
    ['0 after a roll back', { status: 'ROLLED_BACK' }, 0],
    ['not known while a run is rolled back', { status: 'ROLLING_BACK' }, undefined],
    ['not known where that failed', { status: 'ROLLBACK_FAILED' }, undefined],
    ['all that were rehearsed once a migration has succeeded', { status: 'SUCCEEDED' }, 4_904],
    ['those so far while it runs', { status: 'RUNNING' }, 70],
    ['those so far where it is held', { status: 'HELD' }, 70],
    [
      "a restore's backup once it has succeeded",
      { status: 'SUCCEEDED', kind: 'restore', backup: { items: 1_000 } },
      1_000,
    ],
    ['those restored so far', { status: 'RUNNING', kind: 'restore', backup: { items: 1_000 } }, 5],
    [
      'those backed up by a backup alone',
      { status: 'SUCCEEDED', kind: 'manual', step: 'backupProducts' },
      300,
    ],
    [
      'those of a migration alone',
      { status: 'SUCCEEDED', kind: 'manual', step: 'migrateProductsEnhanced' },
      70,
    ],
    ['those of a restore alone', { status: 'SUCCEEDED', kind: 'manual', step: 'restoreFromBackup' }, 5],
  ])('are %s', async (_, facts, items) => {
    const run = await begunRun(world, 'r1');
    await saveItems('BackupProducts', 0, 300);
    await saveItems('MigrateProducts', 0, 40);
    await saveItems('MigrateProducts', 1, 30);
    await saveItems('RestoreProducts', 0, 5);
    expect(await itemsInPlace(world.observer.ledger, { ...run, ...rehearsed, ...facts } as Run)).toBe(items);
  });
});
