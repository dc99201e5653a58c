import { afterEach, describe, expect, it } from 'vitest';
import { listNamed } from '../../../functions/shared/ledger/sync-names.ts';
import { listMinutes } from '../../../functions/shared/ledger/sync-records.ts';
import { awkwardProducts } from '../../support/awkward-products.ts';
import { eventually } from '../../support/embedded.ts';
import {
  type FollowedShop,
  followShop,
  sell,
  SYNC_FUNCTION,
  untilInStep,
  untilStruck,
  writesToSource,
} from '../../support/followed-shop.ts';
import { openShop, type TestShop } from '../../support/migration.ts';
import { caseCount } from '../../support/soak.ts';

let shop: TestShop;
let followed: FollowedShop;
afterEach(async () => {
  followed.stop();
  await shop.stop();
});

/** A migrated catalogue, and a sync that follows its source. */
async function open(products: number): Promise<void> {
  shop = await openShop({ pauseMillis: 20, mappingMillis: 50 });
  await shop.dynamo.fillProducts(awkwardProducts(products));
  await shop.run('migrate', {}, 'migrated');
  followed = await followShop(shop, 'migrated');
}

describe('a sync', () => {
  it('brings every change of the shop into the target, and is quiet afterwards', async () => {
    await open(12);
    await sell(shop.dynamo, { changes: 40, perSecond: 200, products: 15, seed: 1 });
    await untilInStep(shop, followed);
    // A call is counted when it has ended, which may be after the last write.
    const minutes = await eventually(async () => {
      const all = await listMinutes(followed.ledger, followed.syncId);
      return all.some(({ repaired }) => repaired > 0) ? all : undefined;
    });
    const total = (field: 'records' | 'conflicts') => minutes.reduce((sum, minute) => sum + minute[field], 0);
    expect(total('records')).toBeGreaterThan(0);
    expect(total('conflicts')).toBe(0);
    expect(writesToSource(shop)).toEqual([]);
    expect([...(shop.aws.queues.get('products-migration-local-sync-failures')?.messages ?? [])]).toEqual([]);
  });

  it('ends in step though batches come twice, calls are killed and requests fail', async () => {
    await open(30);
    const { faults } = shop.aws;
    const own = { service: 'dynamodb', functionName: SYNC_FUNCTION } as const;
    const invoke = { service: 'lambda', operation: 'Invoke' } as const;
    const handles = [
      faults.add({ ...invoke, kind: 'twice', second: 'atOnce', rate: 0.05, seed: 1 }),
      faults.add({ ...invoke, kind: 'twice', second: 'later', millis: 400, rate: 0.05, seed: 2 }),
      faults.add({ ...own, kind: 'throttle', rate: 0.02, seed: 3 }),
      faults.add({ ...own, kind: 'answerLost', rate: 0.01, seed: 4 }),
    ];
    const kills = [9, 60, 150, 290, 470, 700, 1_000].map((nth, index) =>
      faults.killAt({ ...own, nth, when: index % 2 === 0 ? 'before' : 'after' }),
    );
    await sell(shop.dynamo, { changes: caseCount(240), perSecond: 40, products: 40, seed: 5 });
    await untilStruck([...kills, ...handles], (round) =>
      sell(shop.dynamo, { changes: 5, perSecond: 100, products: 40, seed: 5 + round }),
    );
    faults.clear();
    await untilInStep(shop, followed);
    expect(writesToSource(shop)).toEqual([]);
  });

  it('leaves what the shop has changed in the target, and names it', async () => {
    await open(4);
    const [edited] = await shop.dynamo.scan('products-enhanced');
    const { PK, SK } = edited ?? {};
    await shop.dynamo.call('UpdateItem', {
      TableName: 'products-enhanced',
      Key: { PK, SK },
      UpdateExpression: 'SET note = :note',
      ExpressionAttributeValues: { ':note': { S: 'sold by hand' } },
    });
    const [id] = (PK as { readonly S: string }).S.split('#').slice(1);
    await shop.dynamo.call('DeleteItem', { TableName: 'products', Key: { id: { S: id } } });
    const [named] = await eventually(async () => {
      const names = await listNamed(followed.ledger, followed.syncId);
      return names.length > 0 ? names : undefined;
    });
    expect(named).toMatchObject({ kind: 'conflict', text: expect.stringContaining(`PRODUCT#${id}`) });
    const left = await eventually(async () => {
      const items = await shop.dynamo.scan('products-enhanced');
      const own = items.filter((item) => (item['PK'] as { readonly S: string }).S === `PRODUCT#${id}`);
      return own.length === 1 ? own : undefined;
    });
    expect(left).toEqual([{ ...edited, note: { S: 'sold by hand' } }]);
  });
});
