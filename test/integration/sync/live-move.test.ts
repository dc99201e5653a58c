import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DescribeExecutionOutput } from '@aws-sdk/client-sfn';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import { stringAttribute, type WireItem, type WireValue } from '../../../functions/shared/items/wire-item.ts';
import type { SyncReport } from '../../../functions/shared/runs/sync-report.ts';
import { sell, SYNC_FUNCTION, targetDifferences, untilStruck } from '../../support/followed-shop.ts';
import { secretProducts } from '../../support/secret-products.ts';
import { openShop, type TestShop } from '../../support/migration.ts';
import { caseCount } from '../../support/soak.ts';
import { rawAws } from '../../support/streams.ts';

let shop: TestShop;
beforeAll(async () => {
  shop = await openShop({ pauseMillis: 20, mappingMillis: 50, environment: { FENCE_WAIT_SECONDS: '2' } });
});
afterAll(() => shop.stop());

/** An execution of the machine `sync`, which must succeed; its report. */
async function synced(input: unknown, name?: string): Promise<SyncReport> {
  const { status, output, error, cause } = await shop.run('sync', input, name);
  expect([status, error, cause]).toEqual(['SUCCEEDED', undefined, undefined]);
  return JSON.parse(output ?? '') as SyncReport;
}

const refused = async (input: unknown): Promise<DescribeExecutionOutput> => {
  const end = await shop.run('sync', input);
  expect(end.status).toBe('FAILED');
  return end;
};

const itemsOf = async (table: string): Promise<readonly string[]> =>
  (await shop.dynamo.scan(table)).map(canonicalJson).toSorted();

const getItem = async (Key: WireItem): Promise<WireItem> => {
  const request = { TableName: 'products-enhanced', Key, ConsistentRead: true };
  const { Item } = await shop.dynamo.call<{ Item: WireItem }>('GetItem', request);
  return Item;
};

const partitionOf = (product: WireItem): WireValue => ({
  S: `PRODUCT#${stringAttribute(product, 'id') ?? ''}`,
});

const writesOfOurs = (table: string): readonly string[] =>
  shop.aws.requestLog.entries
    .filter(({ functionName, tables }) => functionName !== undefined && tables.includes(table))
    .map(({ operation }) => operation)
    .filter((operation) => /^(Put|Update|Delete|BatchWrite|Transact|Create|Tag)/.test(operation));

describe('a shop that sells while it moves', () => {
  it('is followed through a migration, a sync and a cut over, and nothing is lost', async () => {
    const { dynamo, aws } = shop;
    await dynamo.fillProducts(secretProducts(40));
    await rawAws(aws).enable('products');
    const selling = sell(dynamo, { changes: caseCount(300), perSecond: 20, products: 60, seed: 11 });
    const { runId } = await shop.migrate();
    // Calls come twice, functions are killed in the middle of their work, requests are lost.
    const invoke = { service: 'lambda', operation: 'Invoke', key: /syncProducts/ } as const;
    const faults = [
      aws.faults.add({ ...invoke, kind: 'twice', second: 'atOnce', rate: 0.05, seed: 1 }),
      aws.faults.add({ ...invoke, kind: 'twice', second: 'later', millis: 700, rate: 0.05, seed: 7 }),
    ];
    const own = { service: 'dynamodb', functionName: SYNC_FUNCTION } as const;
    faults.push(
      aws.faults.add({ ...own, kind: 'held', sender: 'killed', millis: 200, rate: 0.004, seed: 3 }),
      aws.faults.add({ ...own, kind: 'answerLost', rate: 0.01, seed: 4 }),
    );
    const report = await synced({}, 'follow');
    expect(report).toMatchObject({ runId: 'follow', status: 'SYNCING', follows: { runId } });
    await selling;
    await untilStruck(faults, (round) =>
      sell(dynamo, { changes: 5, perSecond: 20, products: 60, seed: 11 + round }),
    );
    aws.faults.clear();

    // The shop has not switched, and edits an item of the target all the same.
    const [edited, spoilt] = (await dynamo.scan('products')) as [WireItem, WireItem];
    const METADATA = { PK: partitionOf(edited), SK: { S: 'METADATA' } };
    const before = await getItem(METADATA);
    await dynamo.put('products-enhanced', { ...before, shopNote: { S: 'mine' } });
    // A product that cannot be transformed any more keeps its items.
    await dynamo.put('products', { ...spoilt, price: { S: 'free' } });

    const early = await refused({ action: 'cutover', frozen: true });
    expect(early.cause).toMatch(/The shop has not switched. 1 source item cannot be transformed/);
    const frozen = await itemsOf('products');
    const switched = await synced({ action: 'cutover', frozen: true, maxQuarantined: 1 });
    expect(switched).toMatchObject({
      runId: 'follow',
      status: 'SWITCHED',
      compared: { repairs: false, differing: 0 },
      pending: { count: 0 },
      conflicts: { count: 1 },
      quarantined: { count: 1 },
    });
    const named = [edited, spoilt].map((product) => canonicalJson({ PK: partitionOf(product) }).slice(1, -1));
    const others = (await targetDifferences(shop, runId)).filter(
      (text) => !named.some((partition) => text.includes(partition)),
    );
    expect(others).toEqual([]);
    expect(await getItem(METADATA)).toMatchObject({ shopNote: { S: 'mine' } });
    expect(await itemsOf('products')).toEqual(frozen);
    expect(writesOfOurs('products')).toEqual([]);
  });

  it('is not written to any more after the switch, however late a change comes', async () => {
    const before = await itemsOf('products-enhanced');
    await shop.dynamo.put('products', {
      id: { S: 'late' },
      name: { S: 'Late' },
      price: { S: '1.00' },
    });
    for (const batch of shop.aws.mappings.batches.slice(-5)) await shop.aws.mappings.deliver(batch);
    expect(await itemsOf('products-enhanced')).toEqual(before);
  });

  it('is asked for the name of the switch before anything is migrated there again', async () => {
    const again = await shop.run('migrate', {});
    expect(again).toMatchObject({ status: 'FAILED', error: 'SwitchedError' });
    expect((await refused({})).error).toBe('SwitchedError');
    expect(await shop.migrate({ confirm: 'follow', maxQuarantined: 1 })).toMatchObject({
      status: 'SUCCEEDED',
    });
  });
});
