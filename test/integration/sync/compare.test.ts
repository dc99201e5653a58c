import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringAttribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';
import type { SyncReport } from '../../../functions/shared/runs/sync-report.ts';
import type { Fault } from '../../../workflow/local/gateway/faults.ts';
import { eventually } from '../../support/embedded.ts';
import { targetDifferences } from '../../support/followed-shop.ts';
import { openShop, type TestShop } from '../../support/migration.ts';
import { secretProducts } from '../../support/secret-products.ts';
import { catalogueTable, sourceTableName } from '../../support/shop.ts';
import { rawAws } from '../../support/streams.ts';

const COMPARE_FUNCTION = 'products-migration-local-compareAll';
const TARGET = catalogueTable.name;

let shop: TestShop;
let runId = '';

beforeAll(async () => {
  shop = await openShop({ pauseMillis: 20, mappingMillis: 50, environment: { FENCE_WAIT_SECONDS: '1' } });
  await shop.dynamo.fillProducts(secretProducts(40));
  await rawAws(shop.aws).enable(sourceTableName);
  ({ runId } = await shop.migrate());
});
afterAll(() => shop.stop());

async function compared(name?: string): Promise<SyncReport> {
  const { status, output, error, cause } = await shop.run('sync', { action: 'compare' }, name);
  expect({ status, error, cause }).toMatchObject({ status: 'SUCCEEDED' });
  return JSON.parse(output ?? '') as SyncReport;
}

/** What the stream does not show: items of the target that are gone, and one that should be. */
async function spoil(): Promise<number> {
  const items = await shop.dynamo.scan(TARGET);
  const partitions = new Set<string>();
  for (const [index, item] of items.entries()) {
    if (index % 7 !== 0) continue;
    await shop.dynamo.call('DeleteItem', { TableName: TARGET, Key: keyOf(item) });
    partitions.add(stringAttribute(item, 'PK') ?? '');
  }
  return partitions.size;
}

const keyOf = ({ PK, SK }: WireItem): WireItem => ({ ...(PK && { PK }), ...(SK && { SK }) });

const targetWrites = (): number =>
  shop.aws.requestLog.entries.filter(
    ({ functionName, operation, tables }) =>
      functionName === COMPARE_FUNCTION &&
      tables.includes(TARGET) &&
      /^(Put|Update|Delete|Batch.*Write)/.test(operation),
  ).length;

const requestCount = (): number =>
  shop.aws.requestLog.entries.filter(({ functionName }) => functionName === COMPARE_FUNCTION).length;

describe('a compare without a sync', () => {
  it('names what differs, writes nothing into the target, and holds up nobody', async () => {
    const products = await spoil();
    const report = await compared('first-look');
    expect(report).toMatchObject({
      kind: 'compare',
      status: 'SUCCEEDED',
      compared: { repairs: false, differing: products, repaired: 0, sourceItems: 40 },
    });
    expect(targetWrites()).toBe(0);
  });
});

describe('a compare while a sync is open', () => {
  const own = { service: 'dynamodb', functionName: COMPARE_FUNCTION } as const;
  const invoke = { service: 'lambda', operation: 'Invoke', key: new RegExp(COMPARE_FUNCTION) } as const;
  const target = { ...own, table: TARGET } as const;
  const WRITES = ['PutItem', 'UpdateItem', 'DeleteItem'];

  it('repairs what differs as the sync starts', async () => {
    const { status, output, cause } = await shop.run('sync', {}, 'follow');
    expect({ status, cause }).toMatchObject({ status: 'SUCCEEDED' });
    expect(JSON.parse(output ?? '')).toMatchObject({
      status: 'SYNCING',
      compared: { differing: 0, repairs: true },
    });
    expect(await targetDifferences(shop, runId)).toEqual([]);
  });

  it.each<readonly [string, readonly Fault[]]>([
    ['throttled', [{ ...own, kind: 'throttle', rate: 0.15, seed: 1 }]],
    [
      'unavailable',
      [{ ...own, kind: 'error', code: 'InternalServerError', status: 500, rate: 0.1, seed: 2 }],
    ],
    ['reset', [{ ...own, kind: 'reset', rate: 0.1, seed: 3 }]],
    ['cut in the middle of their answer', [{ ...own, kind: 'bodyCut', rate: 0.1, seed: 4 }]],
    ['damaged in one byte', [{ ...own, kind: 'bodyChanged', rate: 0.05, seed: 5 }]],
    ['applied without an answer', [{ ...own, kind: 'answerLost', rate: 0.1, seed: 6 }]],
    ['never answered', [{ ...target, operation: WRITES, kind: 'hang', nth: 2 }]],
    ['late', [{ ...target, operation: WRITES, kind: 'held', sender: 'reset', millis: 900, nth: 3 }]],
    [
      'late beyond the end of their worker',
      [{ ...target, operation: WRITES, kind: 'held', sender: 'killed', millis: 500, nth: 4 }],
    ],
  ])('comes to the same end where requests are %s', async (_, faults) => {
    await spoil();
    const handles = faults.map((fault) => shop.aws.faults.add(fault));
    const report = await compared();
    expect(handles.every(({ struck }) => struck > 0)).toBe(true);
    shop.aws.faults.clear();
    expect(report).toMatchObject({
      compared: { differing: 0, quarantined: 0, conflicts: 0, sourceItems: 40 },
    });
    expect(await targetDifferences(shop, runId)).toEqual([]);
  });

  it.each(['atOnce', 'later'] as const)(
    'comes to the same end where every worker is called twice, %s',
    async (second) => {
      const products = await spoil();
      const twice = shop.aws.faults.add({ ...invoke, kind: 'twice', second, millis: 300 });
      const report = await compared();
      expect(twice.struck).toBeGreaterThan(1);
      shop.aws.faults.clear();
      expect(report).toMatchObject({ compared: { differing: 0, sourceItems: 40 } });
      expect(report.compared?.repaired).toBeLessThanOrEqual(products);
      expect(await targetDifferences(shop, runId)).toEqual([]);
    },
  );

  it('goes on where its worker is killed, at the first request, in the middle and at the last', async () => {
    await spoil();
    const before = requestCount();
    await compared();
    const requests = requestCount() - before;
    let struck = 0;
    for (const nth of [1, 2, Math.floor(requests / 3), Math.floor(requests / 2), requests - 1, requests])
      for (const when of ['before', 'after'] as const) {
        await spoil();
        const kill = shop.aws.faults.killAt({ ...own, nth, when });
        expect(await compared()).toMatchObject({ compared: { differing: 0, sourceItems: 40 } });
        expect([nth, when, await targetDifferences(shop, runId)]).toEqual([nth, when, []]);
        struck += kill.struck;
        shop.aws.faults.clear();
      }
    // A warm worker may need one or two requests less than were counted.
    expect(struck).toBeGreaterThanOrEqual(8);
  });

  it('that is stopped leaves the sync as it was, and the next one finishes what is left', async () => {
    for (const after of [3, 30, 60]) {
      await spoil();
      const before = requestCount();
      const end = shop.run('sync', { action: 'compare' }, `stopped-${after}`);
      await eventually(() => (requestCount() - before >= after ? true : undefined));
      const executionArn = `${shop.aws.stateMachines['sync']?.replace(':stateMachine:', ':execution:')}:stopped-${after}`;
      await shop.sfn.send(new StopExecutionCommand({ executionArn }));
      expect((await end).status).toBe('ABORTED');
      expect(await compared()).toMatchObject({
        runId: 'follow',
        status: 'SYNCING',
        compared: { differing: 0 },
      });
      expect(await targetDifferences(shop, runId)).toEqual([]);
    }
  });

  it('has never written to the source, whatever happened', () => {
    const writes = shop.aws.requestLog.entries.filter(
      ({ functionName, tables, operation }) =>
        functionName !== undefined &&
        tables.includes(sourceTableName) &&
        !/^(Get|Batch?Get|Scan|Query|Describe|List)/.test(operation),
    );
    expect(writes.map(({ operation }) => operation)).toEqual([]);
  });
});
