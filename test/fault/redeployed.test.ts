import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../functions/shared/runs/report.ts';
import { createTableInput } from '../../functions/shared/aws/create-table-input.ts';
import { catalogueTable } from '../support/shop.ts';
import type { WireItem } from '../../functions/shared/items/wire-item.ts';
import { startDynoxide } from '../../workflow/local/dynamodb/dynoxide.ts';
import { startFauxqs } from '../../workflow/local/s3/fauxqs-engine.ts';
import { openShop, type TestShop } from '../support/migration.ts';
import { secretProducts } from '../support/secret-products.ts';

/** An item that the shop wrote itself, in an existing table. */
const shopItem: WireItem = { PK: { S: 'PRODUCT#shop' }, SK: { S: 'METADATA' }, note: { S: 'ours' } };

describe('a stage that is deployed again with another tablePrefix while a run is held', () => {
  /** Two deployments of one stage in one account, one after the other. */
  let before: TestShop;
  let after: TestShop;
  let stop: () => Promise<void>;

  const deploy = (TABLE_PREFIX: string, urls: { dynamodbUrl: string; s3Url: string }): Promise<TestShop> =>
    openShop({
      ...urls,
      // Each endpoint keeps its own policies, so the second would not find those of the first.
      environment: {
        FENCE_WAIT_SECONDS: '0',
        INTENT_WAIT_SECONDS: '1',
        CLOSE_NEW_TABLES: 'false',
        TABLE_PREFIX,
      },
    });

  beforeEach(async () => {
    const engines = [await startDynoxide(), await startFauxqs()] as const;
    const urls = { dynamodbUrl: engines[0].url, s3Url: engines[1].url };
    before = await deploy('old-', urls);
    await before.dynamo.fillProducts(secretProducts(120));
    after = await deploy('new-', urls);
    stop = async () => {
      await before.stop();
      await after.stop();
      for (const engine of engines) await engine.stop();
    };
  });
  afterEach(() => stop());

  /** Holds a run after it has written some of its items. */
  const heldRun = async (): Promise<string> => {
    const operation = ['BatchWriteItem', 'PutItem'];
    const refusal = { kind: 'error', code: 'AccessDeniedException', status: 400 } as const;
    before.aws.faults.add({ ...refusal, operation, table: 'old-products-enhanced', nth: 8, times: 99 });
    await before.run('migrate', { onFailure: 'hold' }, 'held');
    before.aws.faults.clear();
    expect(await before.dynamo.scan('old-products-enhanced')).not.toEqual([]);
    return 'held';
  };

  const rollBack = async (runId: string): Promise<Report> => {
    const { output = '{}', cause } = await after.run('rollback', { runId });
    return (JSON.parse(output) ?? cause) as Report;
  };

  it('deletes the tables that the run created under the prefix it began with', async () => {
    const runId = await heldRun();
    await rollBack(runId);
    const left = (await after.dynamo.tableNames()).filter((name) => name.startsWith('old-'));
    expect(left).toEqual([]);
  });

  it('removes the run’s items from an existing table, and nothing else', async () => {
    const name = 'old-products-enhanced';
    await before.dynamo.call('CreateTable', createTableInput(catalogueTable, { name, tags: {} }));
    await before.dynamo.put('old-products-enhanced', shopItem);
    await rollBack(await heldRun());
    expect(await after.dynamo.scan('old-products-enhanced')).toEqual([shopItem]);
  });

  it('lets the run continue in its own tables, and creates none under the new prefix', async () => {
    const report = await heldRun().then((resume) => after.migrate({ resume }));
    expect(report).toMatchObject({
      status: 'SUCCEEDED',
      verification: { missing: 0, different: 0, extra: 0 },
    });
    expect(report.warnings).toContainEqual(expect.stringContaining('(tablePrefix "old-")'));
    expect(report.tables.map(({ name }) => name).toSorted()).toEqual([
      'old-cart',
      'old-orders',
      'old-products-enhanced',
      'old-returns',
    ]);
    expect((await after.dynamo.tableNames()).filter((name) => name.startsWith('new-'))).toEqual([]);
  });

  it('names the old prefix in its error when the roles allow only the new tables', async () => {
    const resume = await heldRun();
    const refusal = {
      kind: 'error',
      code: 'AccessDeniedException',
      status: 400,
      service: 'dynamodb',
    } as const;
    for (const table of ['old-cart', 'old-orders', 'old-returns', 'old-products-enhanced'])
      after.aws.faults.add({ ...refusal, table, where: ({ functionName: name }) => name !== undefined });
    const resumed = await after.run('migrate', { resume });
    const rolledBack = await after.run('rollback', { runId: resume });
    expect(rolledBack.error).toBe('PermissionDeniedError');
    expect(rolledBack.cause).toContain('--param tablePrefix=old-');
    expect(resumed.cause).toContain('--param tablePrefix=old-');
    expect(resumed.error).toBe('PermissionDeniedError');
  });
});
