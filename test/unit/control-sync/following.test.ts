import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { recoverSync } from '../../../functions/recover-run/recover-syncs.ts';
import { nameKey } from '../../../functions/shared/ledger/sync-names.ts';
import { noteGap } from '../../../functions/shared/ledger/sync.ts';
import { notePending } from '../../../functions/shared/ledger/sync-records.ts';
import { followingText, namedCounts } from '../../../functions/shared/runs/following.ts';
import { buildSyncReport, type SyncReport } from '../../../functions/shared/runs/sync-report.ts';
import { createSyncWorld, switchStreamOff, type SyncWorld } from '../../support/sync-world.ts';

let world: SyncWorld;
beforeAll(async () => void (world = await createSyncWorld()));
beforeEach(() => world.again());
afterAll(() => world.stop());

const ledger = () => world.observer.ledger;
const report = async (): Promise<SyncReport> => buildSyncReport(world.observer, await world.sync());
/** recoverRun looks at the open sync. */
async function look(): Promise<SyncReport> {
  world.clock.advance(1_000);
  await recoverSync(world.runtime(), await world.sync());
  return report();
}

const SYNC = 'npm run sync -- --stage test';

describe('the report of an open sync', () => {
  it('says that it follows every change where nothing stands against that', async () => {
    await world.open();
    const { summary, nextStep } = await look();
    expect(summary).toBe('products-enhanced follows every change of table products.');
    expect(nextStep).toContain('npm run cutover -- --stage test --dry-run');
  });

  it('says so of several tables in the plural', async () => {
    await world.open();
    const run = await world.sync();
    const nothing = namedCounts(0, []);
    expect(followingText(run, ['states', 'logs', 'tags'], nothing)).toBe(
      'states, logs and tags follow every change of table products.',
    );
    expect(followingText({ ...run, isStarted: false }, ['states', 'logs'], nothing)).toBe(
      'The sync of table products is starting. states and logs are in step once its first compare has ended.',
    );
  });

  it('says when it was looked at', async () => {
    await world.open();
    const { lookedAt } = await look();
    expect(Date.parse(lookedAt)).toBe(world.clock.now());
  });

  it('does not say so before its first compare has ended', async () => {
    await world.begin('s');
    const { summary, nextStep } = await report();
    expect(summary).toBe(
      'The sync of table products is starting. products-enhanced is in step once its first compare has ended.',
    );
    expect(nextStep).not.toContain('cutover');
  });

  it.each([
    ['its mapping is gone', () => world.mappings.found.pop(), /The event source mapping of the sync is gone/],
    [
      'the stream was switched off',
      () => switchStreamOff(world),
      /no longer writes its changes to the stream/,
    ],
  ])('says that changes are not delivered where %s, and how to start again', async (_, act, reason) => {
    await world.open();
    await act();
    const { summary, nextStep } = await look();
    expect(summary).toMatch(
      /^products-enhanced does not follow table products: changes are not delivered\. /,
    );
    expect(summary).toMatch(reason);
    expect(nextStep).toMatch(new RegExp(`^End it:\\n${SYNC} --cancel\\n[^]*\\n${SYNC} --start`));
  });

  it('says that changes may have been missed where Lambda gave up a batch, until a compare has looked', async () => {
    await world.open();
    world.failureQueue.batches = 1;
    const { summary, nextStep } = await look();
    expect(summary).toMatch(
      /follows table products, but changes may have been missed\. Lambda gave up 1 batch/,
    );
    expect(nextStep).toContain('\nnpm run compare -- --stage test\n');
    world.clock.advance(1_000);
    await world.compare('c');
    expect((await report()).summary).toBe('products-enhanced follows every change of table products.');
  });

  it('forgets that a gap was lasting with the next one that is not', async () => {
    await world.open();
    world.mappings.found.pop();
    await look();
    await noteGap(ledger(), 's', { at: world.clock.now() + 1_000, reason: 'Changes came late.' });
    expect((await report()).summary).toMatch(/may have been missed\. Changes came late\./);
  });

  it('says that it follows again once what kept changes back is over and a compare has looked', async () => {
    await world.open();
    const [mapping] = world.mappings.found;
    if (mapping === undefined) throw new Error('There is no mapping.');
    world.mappings.found[0] = { ...mapping, state: 'Disabled' };
    expect((await look()).summary).toMatch(/changes are not delivered/);
    world.mappings.found[0] = mapping;
    const { summary, nextStep } = await look();
    expect(summary).toMatch(/^products-enhanced follows table products, but changes may have been missed/);
    expect(nextStep).toContain('\nnpm run compare -- --stage test\n');
    world.clock.advance(1_000);
    await world.compare('c');
    expect((await report()).summary).toBe('products-enhanced follows every change of table products.');
  });

  it('does not say after a compare that it follows, where changes are still not delivered', async () => {
    await world.open();
    world.mappings.found.pop();
    world.clock.advance(1_000);
    // Nobody but the compare has looked.
    await world.begin('c', { action: 'compare' });
    world.clock.advance(1_000);
    await world.compare('c');
    const { summary, nextStep } = await world.finish('c');
    expect(summary).toMatch(/changes are not delivered\. The event source mapping of the sync is gone/);
    expect(nextStep).toMatch(/^End it:/);
  });

  it('does not say of what it names that it follows', async () => {
    await world.open();
    const named = { reason: 'It is so.', seenAt: world.clock.now() };
    await nameKey(ledger(), 's', { ...named, kind: 'quarantined', text: 'p1' });
    expect((await report()).summary).toBe(
      'products-enhanced follows every change of table products, but for 1 source item that cannot be transformed.',
    );
    for (const text of ['t1', 't2']) await nameKey(ledger(), 's', { ...named, kind: 'conflict', text });
    expect((await report()).summary).toBe(
      'products-enhanced follows every change of table products, but for 1 source item that cannot be transformed and 2 target items that others have changed.',
    );
  });

  it('counts the keys that wait', async () => {
    await world.open();
    const key = { key: { id: { S: 'p1' } }, text: 'p1', reason: 'It changed.', since: 1 };
    await notePending(ledger(), { syncId: 's', identity: 'p1' }, key);
    expect((await report()).summary).toBe(
      'products-enhanced follows every change of table products, but for 1 key that waits.',
    );
  });
});
