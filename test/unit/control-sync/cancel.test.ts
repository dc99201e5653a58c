import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { recoverRuns } from '../../../functions/recover-run/recover-run.ts';
import { findLock } from '../../../functions/shared/ledger/lock.ts';
import { noteDeleting } from '../../../functions/shared/ledger/deleting-call.ts';
import { notePending } from '../../../functions/shared/ledger/sync-records.ts';
import { guardSync } from '../../../functions/shared/ledger/sync.ts';
import { longTurn } from '../../support/sample-run.ts';
import { createSyncWorld, type SyncWorld } from '../../support/sync-world.ts';

let world: SyncWorld;
beforeAll(async () => void (world = await createSyncWorld()));
beforeEach(() => world.again());
afterAll(() => world.stop());

const lock = () => findLock(world.observer.ledger, 'products');

/** Calls a step until it says done. @returns how many seconds it asked to wait */
async function untilDone(execution: string): Promise<number> {
  let seconds = 0;
  for (let calls = 0; calls < 20; calls += 1) {
    const { done, waitSeconds } = await world.step('cancel', execution);
    if (done) return seconds;
    seconds += waitSeconds;
    world.clock.advance(waitSeconds * 1_000);
  }
  throw new Error('The cancellation has no end.');
}

describe('a cancellation', () => {
  it('stops calls that write, deletes the mapping, waits for the fence, and releases the lock', async () => {
    const sync = await world.open();
    const fence = guardSync(world.observer.ledger, world.clock, sync, world.clock.now());
    await world.begin('k', { action: 'cancel' });
    await world.step('cancel', 'k');
    expect(await lock()).toMatchObject({ runId: 's' });
    world.clock.advance(5_000);
    await expect(fence.check()).rejects.toThrow(/Sync s is CANCELLING: this call changes nothing more/);
    expect(await untilDone('k')).toBeGreaterThanOrEqual(25);
    expect(await world.sync()).toMatchObject({ status: 'CANCELLED' });
    expect(world.mappings.found).toEqual([]);
    expect(await lock()).toBeUndefined();
  });

  it('takes a sync out of the hands of an execution that works on it', async () => {
    await world.begin('s');
    await world.step('startMapping', 's');
    await world.begin('k', { action: 'cancel' });
    await untilDone('k');
    await expect(world.finish('s')).resolves.toMatchObject({ status: 'CANCELLED' });
  });

  it('is refused after the switch', async () => {
    await world.open();
    await world.begin('x', { action: 'cutover', frozen: true });
    await world.step('switching', 'x');
    await world.compare('x');
    await world.switch('x');
    await expect(world.begin('k', { action: 'cancel', runId: 's' })).rejects.toThrow(/Sync s is SWITCHED/);
    for (const input of [{ action: 'cancel' }, { action: 'cutover', frozen: true }])
      await expect(world.begin('again', input)).rejects.toThrow(
        /no open sync .*Sync s has switched already, and the shop may use the target[^]*\nnpm run sync -- --stage test$/,
      );
  });

  it('without an open sync is answered with the command that shows how the last one ended', async () => {
    await expect(world.begin('k', { action: 'cancel' })).rejects.toThrow(
      /no open sync [^]*See how the last sync ended:\nnpm run sync -- --stage test$/,
    );
  });

  it('of a sync of another source, for which the stage was deployed before, needs its id', async () => {
    await world.open();
    world.deployFor('other-products');
    for (const action of ['cancel', 'cutover'])
      await expect(world.begin('k', { action })).rejects.toThrow(
        /no open sync of table other-products.* Sync s of table products is open \(SYNCING\), but this stage is deployed for other-products now[^]*deploy again with --param sourceTable=products and [^]*\nOr cancel it:\nnpm run sync -- --stage test --cancel --run s\n/,
      );
    expect(await world.begin('k', { action: 'cancel', runId: 's' })).toMatchObject({ outcome: 'CANCEL' });
    await untilDone('k');
    expect(await world.sync()).toMatchObject({ status: 'CANCELLED' });
    expect(world.mappings.found).toEqual([]);
    expect(await lock()).toBeUndefined();
  });

  it('deletes a mapping that nobody has noted', async () => {
    await world.begin('s');
    const { stream } = await world.sync();
    await world.mappings.ensure(
      { streamArn: stream?.arn ?? '', functionName: 'products-migration-test-syncProducts' },
      'queue',
    );
    await world.begin('k', { action: 'cancel' });
    await untilDone('k');
    expect(world.mappings.found).toEqual([]);
  });
});

/** @param quietAt until when a write of it may still take effect (epoch milliseconds) */
const pendingKey = (quietAt: number) => ({
  key: { id: { S: 'p1' } },
  text: 'p1',
  reason: 'A write of its batch got no answer, and may still take effect.',
  since: 1,
  quietAt,
});

describe('a cancellation whose last writes are not through', () => {
  it('keeps the lock until a write without an answer can no longer take effect', async () => {
    await world.open();
    const quietAt = world.clock.now() + 60_000;
    await notePending(world.observer.ledger, { syncId: 's', identity: 'p1' }, pendingKey(quietAt));
    await world.begin('k', { action: 'cancel' });
    await untilDone('k');
    expect(world.clock.now()).toBeGreaterThanOrEqual(quietAt);
  });

  it('does not wait for a time that only a wrong clock can have written', async () => {
    await world.open();
    const never = world.clock.now() + 86_400_000;
    await notePending(world.observer.ledger, { syncId: 's', identity: 'p1' }, pendingKey(never));
    await world.begin('k', { action: 'cancel' });
    expect(await untilDone('k')).toBeLessThanOrEqual(100);
  });

  it('ends although Lambda refuses to delete the mapping, and says that it is still there', async () => {
    await world.open();
    await world.begin('k', { action: 'cancel' });
    world.mappings.delete = () => Promise.reject(new Error('not authorized to delete the mapping'));
    expect(await world.step('cancel', 'k')).toMatchObject({ done: false });
    world.clock.advance(600_001);
    await untilDone('k');
    expect(await world.sync()).toMatchObject({ status: 'CANCELLED' });
    expect(await lock()).toBeUndefined();
    const { warnings } = await world.finish('k');
    expect(warnings.join()).toMatch(/mapping .* could not be deleted yet .*not authorized/);
  });
});

describe('a call that died while it deleted items', () => {
  const dead = { call: 'dead', tables: ['products-enhanced'] };
  const warning = expect.stringContaining("DynamoDB's answer to a deletion in products-enhanced");
  beforeEach(async () => {
    await world.open();
    await noteDeleting(world.observer.ledger, { syncId: 's', batch: '1' }, dead);
  });

  it('is warned of when its sync is cancelled', async () => {
    await world.begin('k', { action: 'cancel' });
    await untilDone('k');
    expect((await world.finish('k')).warnings).toEqual([warning]);
  });

  it('is warned of when the shop switches', async () => {
    await world.begin('x', { action: 'cutover', frozen: true });
    await world.step('switching', 'x');
    await world.compare('x');
    await world.switch('x');
    expect(await world.sync()).toMatchObject({ status: 'SWITCHED', warnings: [warning] });
  });
});

describe('a cancellation that fails after its end', () => {
  it('does not say that the sync goes on', async () => {
    await world.open();
    await world.begin('k', { action: 'cancel' });
    await untilDone('k');
    const { done, end, cause } = await world.fail('k');
    expect({ done, end }).toEqual({ done: true, end: 'FAILED' });
    expect(cause).toMatch(/The sync was cancelled, and the lock is free/);
  });
});

describe('a start that fails', () => {
  it('is cancelled, and leaves neither mapping nor lock', async () => {
    await world.begin('s');
    await world.step('startMapping', 's');
    for (let turn = await world.fail('s'); !turn.done; turn = await world.fail('s'))
      world.clock.advance(turn.waitSeconds * 1_000);
    expect(await world.sync()).toMatchObject({ status: 'CANCELLED' });
    expect(world.mappings.found).toEqual([]);
    expect(await lock()).toBeUndefined();
  });

  it('is refused when it had not begun anything', async () => {
    expect(await world.fail('nobody')).toMatchObject({ done: true, end: 'REFUSED' });
  });
});

describe('a cut over whose sync is cancelled by another execution', () => {
  it('is told who has taken the sync, whatever its own worker could say', async () => {
    await world.open();
    await world.begin('x', { action: 'cutover', frozen: true });
    await world.begin('k', { action: 'cancel' });
    const { end, error, cause } = await world.fail('x');
    expect({ end, error }).toEqual({ end: 'REFUSED', error: 'RunClosedError' });
    expect(cause).toMatch(/^Run s is SYNCING and is worked on by .*:k, which has taken it/);
  });
});

describe('the schedule', () => {
  const recover = () => recoverRuns(world.runtime(), longTurn);

  it('cancels a sync whose start died', async () => {
    await world.begin('s');
    await world.step('startMapping', 's');
    world.end('s', 'ABORTED');
    expect(await recover()).toMatchObject({ started: ['recover-s-1'] });
    expect(world.stepFunctions.started).toEqual([
      { name: 'recover-s-1', input: '{"action":"cancel","runId":"s","recover":true}' },
    ]);
    expect(await recover()).toMatchObject({ started: [] });
  });

  it('sends a cut over that died back to following', async () => {
    await world.open();
    await world.begin('x', { action: 'cutover', frozen: true });
    await world.step('switching', 'x');
    world.end('x', 'TIMED_OUT');
    expect(await recover()).toMatchObject({ started: [] });
    expect(await world.sync()).toMatchObject({
      status: 'SYNCING',
      gap: { reason: expect.any(String) as string },
    });
  });

  it('leaves an open sync and its mapping alone', async () => {
    await world.open();
    expect(await recover()).toMatchObject({ started: [] });
    expect(await world.sync()).toMatchObject({ status: 'SYNCING' });
    expect(world.mappings.found).toHaveLength(1);
    expect((await world.sync()).gap).toBeUndefined();
  });

  it('notes a gap when the mapping of an open sync is gone or disabled', async () => {
    await world.open();
    world.mappings.found.pop();
    await recover();
    expect((await world.sync()).gap?.reason).toMatch(/mapping of the sync is gone/);
  });

  it('deletes a mapping that no open sync has', async () => {
    await world.open();
    await world.begin('k', { action: 'cancel' });
    await untilDone('k');
    const functionArn =
      'arn:aws:lambda:ap-southeast-2:123456789012:function:products-migration-test-syncProducts';
    world.mappings.found.push({ mappingId: 'lost', functionArn, state: 'Enabled', streamArn: 'x' });
    world.clock.advance(3_600_000);
    await recover();
    expect(world.mappings.found).toEqual([]);
  });

  it('ends a compare whose execution died', async () => {
    await world.begin('c', { action: 'compare' });
    world.end('c', 'ABORTED');
    await recover();
    expect(await findLock(world.observer.ledger, 'products#compare')).toBeUndefined();
  });
});
