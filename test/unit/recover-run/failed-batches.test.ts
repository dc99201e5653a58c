import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { recoverRuns } from '../../../functions/recover-run/recover-run.ts';
import { EXISTING } from '../../../functions/shared/ledger/actions.ts';
import { runKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { updateIf } from '../../../functions/shared/ledger/store.ts';
import { longTurn } from '../../support/sample-run.ts';
import { createSyncWorld, type SyncWorld } from '../../support/sync-world.ts';

let world: SyncWorld;
beforeAll(async () => void (world = await createSyncWorld()));
beforeEach(() => world.again());
afterAll(() => world.stop());

const QUARTER_HOUR = 900_000;

/** The schedule's next call. @returns the sync afterwards, and when it was called */
async function lookLater() {
  world.clock.advance(QUARTER_HOUR);
  await recoverRuns(world.runtime(), longTurn);
  return { run: await world.sync(), now: world.clock.now() };
}

describe('batches of changes that Lambda gave up', () => {
  it('are a gap of the open sync, with their number and the queue that says which', async () => {
    await world.open();
    world.failureQueue.batches = 2;
    const { run, now } = await lookLater();
    expect(run).toMatchObject({
      failedBatches: 2,
      gapAt: now,
      gap: {
        at: now,
        reason:
          'Lambda gave up 2 batches of changes. Queue products-migration-test-sync-failures says which.',
      },
    });
  });

  it('make no other gap while their messages stay in the queue', async () => {
    await world.open();
    world.failureQueue.batches = 1;
    const first = await lookLater();
    expect(first.run.gap?.reason).toMatch(/^Lambda gave up 1 batch of changes\./);
    expect((await lookLater()).run).toEqual(first.run);
    expect((await lookLater()).run).toEqual(first.run);
  });

  it('make another gap when there are more of them, which counts only the new ones', async () => {
    await world.open();
    world.failureQueue.batches = 1;
    await lookLater();
    world.failureQueue.batches = 4;
    const { run, now } = await lookLater();
    expect(run).toMatchObject({ failedBatches: 4, gapAt: now });
    expect(run.gap?.reason).toMatch(/^Lambda gave up 3 batches/);
  });

  it('make a gap after older messages have expired, although the queue never held as many again', async () => {
    await world.open();
    world.failureQueue.batches = 5;
    const before = await lookLater();
    world.failureQueue.batches = 0;
    const expired = await lookLater();
    expect(expired.run).toEqual({ ...before.run, failedBatches: 0 });
    world.failureQueue.batches = 1;
    const { run, now } = await lookLater();
    expect(run).toMatchObject({ failedBatches: 1, gapAt: now });
  });

  it('are named beside the mapping that is gone, in one gap', async () => {
    await world.open();
    world.failureQueue.batches = 1;
    world.mappings.found.splice(0);
    const { run } = await lookLater();
    expect(run.gap?.reason).toMatch(/mapping of the sync is gone\. .* Lambda gave up 1 batch of changes\./);
    expect(run.failedBatches).toBe(1);
  });

  it('are no gap of a sync that began after them, whose first compare comes later', async () => {
    world.failureQueue.batches = 3;
    expect(await world.open()).toMatchObject({ failedBatches: 3 });
    const { run } = await lookLater();
    expect(run.gap).toBeUndefined();
    world.failureQueue.batches = 4;
    expect((await lookLater()).run.gap?.reason).toMatch(/^Lambda gave up 1 batch/);
  });

  it('are a gap of a sync that began before their number was noted', async () => {
    const { ledger } = world.observer;
    await world.open();
    await updateIf(ledger, runKey('s'), { if: EXISTING, remove: ['failedBatches'] });
    world.failureQueue.batches = 1;
    const { run } = await lookLater();
    expect(run.failedBatches).toBe(1);
    expect(run.gap?.reason).toMatch(/^Lambda gave up 1 batch/);
  });

  it('leave a sync alone that is being cancelled', async () => {
    await world.open();
    await world.begin('c', { action: 'cancel' });
    await world.step('cancel', 'c');
    world.failureQueue.batches = 1;
    expect((await lookLater()).run).toMatchObject({ status: 'CANCELLING', failedBatches: 0 });
  });
});
