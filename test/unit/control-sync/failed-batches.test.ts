import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSyncWorld, type SyncWorld } from '../../support/sync-world.ts';

let world: SyncWorld;
beforeAll(async () => void (world = await createSyncWorld()));
beforeEach(async () => {
  await world.again();
  await world.open();
  world.failureQueue.batches = 2;
});
afterAll(() => world.stop());

const FROZEN = { action: 'cutover', frozen: true } as const;

/** What a cut over would look at now. */
async function checkOf(name: string) {
  const { checks = [] } = await world.check('x');
  return checks.find(({ what }) => what === name);
}

describe('batches of changes that Lambda gave up before a cut over or a compare', () => {
  it('are among its checks, and stop nothing, because its own compare makes up for them', async () => {
    const before = await world.sync();
    expect(await checkOf('failures')).toEqual({
      what: 'failures',
      ok: true,
      sentence:
        'Lambda has given up 2 batches of changes in the last 14 days. Queue products-migration-test-sync-failures says which. A later compare makes up for them, also that of a cut over.',
    });
    expect(await world.sync()).toEqual(before);
  });

  it('are said to be none while the queue is empty', async () => {
    world.failureQueue.batches = 0;
    const sentence = 'Lambda has given up no batch of changes.';
    expect(await checkOf('failures')).toEqual({ what: 'failures', ok: true, sentence });
  });

  it('are a gap that the report names and the compare of the cut over has closed', async () => {
    const lookedAt = world.clock.now();
    await world.begin('x', FROZEN);
    await world.step('switching', 'x');
    world.clock.advance(30_000);
    await world.compare('x');
    expect(await world.switch('x')).toMatchObject({ switched: true });
    const { gap, compared: last, status } = await world.finish('x');
    expect(status).toBe('SWITCHED');
    expect(gap?.at).toBe(lookedAt);
    expect(gap?.reason).toMatch(/^Lambda gave up 2 batches of changes\./);
    expect(last?.startedAt).toBeGreaterThan(lookedAt);
  });

  it('are noted once, although the step that begins the switch is called again', async () => {
    await world.begin('x', FROZEN);
    await world.step('switching', 'x');
    const first = await world.sync();
    world.clock.advance(1_000);
    await world.step('switching', 'x');
    expect(await world.sync()).toEqual(first);
  });

  it('are noted before a compare that the operator starts, which closes the gap', async () => {
    await world.begin('c', { action: 'compare' });
    const { gap, failedBatches } = await world.sync();
    expect([gap?.at, failedBatches]).toEqual([world.clock.now(), 2]);
    world.clock.advance(1_000);
    await world.compare('c');
    expect((await checkOf('gap'))?.sentence).toMatch(/A compare has closed that gap since/);
  });
});
