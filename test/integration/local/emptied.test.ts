import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShop, type TestShop } from '../../support/migration.ts';
import { secretProducts } from '../../support/secret-products.ts';

/** Workers that have sent a request, by their number. */
const workersOf = ({ aws }: TestShop): ReadonlySet<number> =>
  new Set(aws.requestLog.entries.flatMap(({ worker }) => worker ?? []));

/** Everything that a test can leave behind: a run with its tables and backup, an event held back, faults, a table of its own. */
async function leaveTraces(shop: TestShop): Promise<ReadonlySet<number>> {
  await shop.dynamo.fillProducts(secretProducts(5));
  await shop.migrate();
  await shop.dynamo.call('CreateBackup', { TableName: 'orders', BackupName: 'of-this-test' });
  shop.aws.events.hold();
  shop.aws.faults.add({ service: 'dynamodb', kind: 'error', code: 'AccessDeniedException', status: 400 });
  await shop.run('migrate', {});
  return workersOf(shop);
}

describe('the embedded AWS of a test, after another test of the same worker', () => {
  let before: ReadonlySet<number>;
  let shop: TestShop;
  beforeAll(async () => {
    const other = await openShop();
    before = await leaveTraces(other);
    await other.stop();
    shop = await openShop();
  });
  afterAll(() => shop.stop());

  it('remembers no request, event, refusal or message', () => {
    const { requestLog, events, messages } = shop.aws;
    expect([requestLog.entries, events.events, events.refusals, messages]).toEqual([[], [], [], []]);
  });

  it('has no table but an empty ledger, and no backup', async () => {
    expect(await shop.dynamo.tableNames()).toEqual([shop.aws.ledgerTable]);
    expect(await shop.dynamo.scan(shop.aws.ledgerTable)).toEqual([]);
    expect(await shop.dynamo.call('ListBackups', {})).toEqual({ BackupSummaries: [] });
  });

  it('has no object in its bucket, nor an earlier version of one', async () => {
    const { Versions = [], DeleteMarkers = [] } = await shop.s3.send(
      new ListObjectVersionsCommand({ Bucket: shop.aws.bucket }),
    );
    expect([...Versions, ...DeleteMarkers]).toEqual([]);
  });

  it('has no execution of any state machine', async () => {
    for (const stateMachineArn of Object.values(shop.aws.stateMachines))
      expect(await shop.sfn.send(new ListExecutionsCommand({ stateMachineArn }))).toMatchObject({
        executions: [],
      });
  });

  it('injects no fault, holds no event back, and serves a whole run with functions that are still warm', async () => {
    await shop.dynamo.fillProducts(secretProducts(5));
    expect(await shop.migrate()).toMatchObject({ migrated: { products: 5, alreadyPresent: 0 } });
    expect(shop.aws.events.events.map(({ detail }) => detail['status'])).toEqual(['RUNNING', 'SUCCEEDED']);
    const after = workersOf(shop);
    expect([...before].filter((worker) => after.has(worker)).length).toBeGreaterThan(0);
  });
});
