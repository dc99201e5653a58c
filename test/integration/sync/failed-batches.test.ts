import { GetEventSourceMappingCommand, UpdateEventSourceMappingCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SyncReport } from '../../../functions/shared/runs/sync-report.ts';
import { eventually } from '../../support/embedded.ts';
import { SYNC_FUNCTION, targetDifferences } from '../../support/followed-shop.ts';
import { untilState } from '../../support/mappings.ts';
import { openShop, type TestShop } from '../../support/migration.ts';
import { secretProducts } from '../../support/secret-products.ts';
import { rawAws } from '../../support/streams.ts';

let shop: TestShop;
let runId: string;
let UUID: string;

beforeAll(async () => {
  shop = await openShop({ mappingMillis: 50, environment: { FENCE_WAIT_SECONDS: '1' } });
  await shop.dynamo.fillProducts(secretProducts(6));
  ({ runId } = await shop.migrate());
  await rawAws(shop.aws).enable('products');
  UUID = (await synced({})).mappingId ?? '';
});
afterAll(() => shop.stop());

/** An execution of the machine `sync`, which must succeed; its report. */
async function synced(input: unknown): Promise<SyncReport> {
  const { status, output, error, cause } = await shop.run('sync', input);
  expect([status, error, cause]).toEqual(['SUCCEEDED', undefined, undefined]);
  return JSON.parse(output ?? '') as SyncReport;
}

const checkCutOver = () => synced({ action: 'cutover', dryRun: true });

const messages = () => shop.aws.queues.get('products-migration-local-sync-failures')?.messages ?? [];

/**
 * A product changes while syncProducts may not read its ledger, and Lambda does not try again. What changes later is
 * delivered, so that nothing but the queue tells of it.
 */
async function loseChange(id: string): Promise<void> {
  const before = messages().length;
  shop.aws.faults.add({
    service: 'dynamodb',
    functionName: SYNC_FUNCTION,
    kind: 'error',
    code: 'AccessDeniedException',
    status: 400,
  });
  await change(id);
  await eventually(() => (messages().length > before ? true : undefined));
  shop.aws.faults.clear();
  await change(`${id}-later`);
  await eventually(async () => {
    const { LastProcessingResult } = await shop.lambda.send(new GetEventSourceMappingCommand({ UUID }));
    return LastProcessingResult === 'OK' ? true : undefined;
  });
}

const change = (id: string): Promise<unknown> =>
  shop.dynamo.put('products', { id: { S: id }, name: { S: 'Changed' }, price: { S: '1.00' } });

describe('a batch of changes that Lambda gives up', () => {
  it('is a gap as soon as the schedule has looked, and the target lacks the change', async () => {
    const { lambda } = shop;
    await lambda.send(new UpdateEventSourceMappingCommand({ UUID, MaximumRetryAttempts: 0 }));
    await untilState(lambda, UUID, 'Enabled');
    await loseChange('lost-1');
    expect((await checkCutOver()).gap).toBeNull();
    await shop.aws.tickSchedule();
    const { gap, checks = [] } = await checkCutOver();
    expect(gap?.reason).toBe(
      'Lambda gave up 1 batch of changes. Queue products-migration-local-sync-failures says which.',
    );
    expect(checks.find(({ what }) => what === 'failures')).toMatchObject({
      ok: true,
      sentence: expect.stringMatching(/^Lambda has given up 1 batch of changes/) as string,
    });
    expect(await targetDifferences(shop, runId)).not.toEqual([]);
  });

  it('makes no other gap while its message stays, and a compare repairs the target', async () => {
    const { gap } = await checkCutOver();
    const { compared, gap: same } = await synced({ action: 'compare' });
    await shop.aws.tickSchedule();
    expect([same, (await checkCutOver()).gap]).toEqual([gap, gap]);
    expect(compared?.startedAt).toBeGreaterThan(gap?.at ?? Infinity);
    expect(compared?.repaired).toBe(1);
    expect(await targetDifferences(shop, runId)).toEqual([]);
    expect(messages()).toHaveLength(1);
  });

  it('is named by a cut over although the schedule has not looked, and the shop does not switch', async () => {
    await loseChange('lost-2');
    const { status, cause } = await shop.run('sync', { action: 'cutover', frozen: true });
    expect([status, cause]).toEqual(['FAILED', expect.stringMatching(/1 source item differs/)]);
    expect(await targetDifferences(shop, runId)).toEqual([]);
    const { gap, checks = [] } = await checkCutOver();
    expect(checks.find(({ what }) => what === 'failures')?.sentence).toMatch(/given up 2 batches/);
    expect(gap?.reason).toMatch(/1 source item differs/);
    expect(messages()).toHaveLength(2);
  });

  it('and that a compare has made up for does not keep the shop from its switch', async () => {
    await loseChange('lost-3');
    const { gap } = await synced({ action: 'compare' });
    expect(gap?.reason).toMatch(/^Lambda gave up 1 batch of changes/);
    expect(await synced({ action: 'cutover', frozen: true })).toMatchObject({ status: 'SWITCHED', gap });
    expect(await targetDifferences(shop, runId)).toEqual([]);
  });
});
