import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { changeBatchSchema, changesOf } from '../../../functions/sync-products/change-batch.ts';
import { followChanges } from '../../../functions/sync-products/follow-changes.ts';
import { switchedPut } from '../../../functions/shared/ledger/sync.ts';
import { findTotal, listPending } from '../../../functions/shared/ledger/sync-records.ts';
import { transact } from '../../../functions/shared/ledger/transact.ts';
import {
  batchOf,
  logging,
  openSyncBench,
  product,
  type SyncBench,
  targetName,
  wholeTurn,
} from './sync-bench.ts';

let bench: SyncBench;
beforeAll(async () => void (bench = await openSyncBench()));
beforeEach(async () => {
  await bench.reset();
  await bench.putSource(product('1'), product('2'));
  await bench.begin();
  await bench.call(['1', '2']);
});
afterAll(() => bench.world.stop());

const EXPIRY = { isExpiry: true } as const;
const acknowledged = { failed: undefined };
const pending = () => listPending(bench.world.observer.ledger, 'sync-1');

describe('a change record', () => {
  const key = [{ name: 'id', type: 'S' }] as const;
  const isExpiry = (change: object): boolean | undefined => {
    const [record] = batchOf(['1'], 0).Records;
    const batch = changeBatchSchema.parse({ Records: [{ ...record, ...change }] });
    return changesOf(batch, key, 0)[0]?.isExpiry;
  };
  const service = { type: 'Service', principalId: 'dynamodb.amazonaws.com' };

  it.each([
    ['a deletion by time to live', { eventName: 'REMOVE', userIdentity: service }, true],
    ['any other deletion', { eventName: 'REMOVE' }, false],
    ['a deletion without an identity', { eventName: 'REMOVE', userIdentity: null }, false],
    [
      'a deletion by another service',
      { eventName: 'REMOVE', userIdentity: { ...service, principalId: 'dax.amazonaws.com' } },
      false,
    ],
    ['a change', { eventName: 'MODIFY', userIdentity: service }, false],
  ])('of %s says so', (_, change, expected) => {
    expect(isExpiry(change)).toBe(expected);
  });
});

describe('an item that time to live deletes from the source', () => {
  it('is deleted from the target while the sync follows, and is no sign of a writer', async () => {
    const { ledger } = bench.world.observer;
    const before = await findTotal(ledger, 'sync-1');
    await bench.deleteSource('1');
    bench.world.clock.advance(60_000);
    expect(await bench.call(['1'], EXPIRY)).toEqual(acknowledged);
    expect(await bench.differences()).toEqual([]);
    expect(await findTotal(ledger, 'sync-1')).toMatchObject({ records: 3, lastAt: before?.lastAt });
  });

  it('during the switch is no arrival: it waits, and its items stay', async () => {
    const { size } = await bench.target();
    await bench.move('SWITCHING');
    await bench.deleteSource('1');
    expect(await bench.call(['1', '1'], EXPIRY)).toEqual(acknowledged);
    const { arrived, arrivals } = await bench.sync();
    expect([arrived, arrivals]).toEqual([undefined, undefined]);
    expect(await pending()).toMatchObject([
      { text: '1', isExpiry: true, reason: expect.stringMatching(/^Time to live deleted it/) },
    ]);
    expect(await bench.target()).toHaveProperty('size', size);
  });

  it('during a switch that is not made is deleted from the target afterwards', async () => {
    await bench.move('SWITCHING');
    await bench.deleteSource('1');
    await bench.call(['1'], EXPIRY);
    await bench.move('SYNCING');
    await bench.call([]);
    expect(await pending()).toEqual([]);
    expect(await bench.differences()).toEqual([]);
  });

  it.each([
    ['in the same batch', ['2', '1']],
    ['in a later batch', ['2']],
  ])('and that somebody writes during the switch is an arrival, %s', async (_, writtenIds) => {
    await bench.move('SWITCHING');
    const { clock, observer } = bench.world;
    const expired = batchOf(['1'], clock.now(), EXPIRY).Records;
    const written = batchOf(writtenIds, clock.now()).Records;
    await followChanges(observer, { Records: [...expired, ...written] }, wholeTurn());
    await bench.call(['1']);
    await bench.call(['1'], EXPIRY);
    expect((await bench.sync()).arrived).toMatchObject({ count: writtenIds.length + 1, key: '2' });
    for (const key of await pending()) expect(key).not.toHaveProperty('isExpiry');
  });

  it('after the switch is no late change, and does not count beside one', async () => {
    const { ledger } = bench.world.observer;
    await bench.move('SWITCHING');
    await bench.move('SWITCHED');
    const switched = { syncId: 'sync-1', switchedAt: '2026-11-29T00:00:00.000Z' };
    await transact(ledger, [switchedPut(ledger, targetName, switched)]);
    const { runtime, lines } = logging(bench.world.observer);
    expect(await bench.call(['1'], { ...EXPIRY, runtime })).toEqual(acknowledged);
    expect(lines).toEqual([['info', 'Changes without a sync', { records: 0, expired: 1 }]]);
    const now = bench.world.clock.now();
    const mixed = { Records: [...batchOf(['1'], now, EXPIRY).Records, ...batchOf(['2'], now).Records] };
    await followChanges(runtime, mixed, wholeTurn());
    expect(lines.at(-1)).toMatchObject(['error', 'LateChangeRecord', { records: 1, key: '2' }]);
  });
});
