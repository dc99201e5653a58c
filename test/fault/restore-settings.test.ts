import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FaultShop, openFaultShop } from '../support/fault-shop.ts';
import { functionName } from '../support/request-points.ts';
import { secretProducts } from '../support/secret-products.ts';

const tags = [
  { Key: 'team', Value: 'shop' },
  { Key: 'budget', Value: '42' },
];

describe('a restore whose CompleteRestore dies after its commit', () => {
  let shop: FaultShop;
  beforeAll(async () => {
    shop = await openFaultShop({ environment: { FENCE_WAIT_SECONDS: '0', INTENT_WAIT_SECONDS: '1' } });
  });
  afterAll(() => shop.stop());

  beforeEach(async () => {
    await shop.reset(secretProducts(12));
    await shop.dynamo.call('UpdateTimeToLive', {
      TableName: 'products',
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    });
    const { Table } = await shop.dynamo.call<{ readonly Table: { readonly TableArn: string } }>(
      'DescribeTable',
      { TableName: 'products' },
    );
    await shop.dynamo.call('TagResource', { ResourceArn: Table.TableArn, Tags: tags });
    await shop.run('migrate', { dryRun: true });
  });

  /** Restores, and ends the function at the operation in as many of its calls. */
  async function restoreKilled(
    operation: string,
    { calls, when = 'before' }: { readonly calls: number; readonly when?: 'before' | 'after' },
  ): Promise<{ readonly warnings: string; readonly targetTable: string }> {
    const kills = Array.from({ length: calls }, () =>
      shop.aws.faults.killAt({ functionName: functionName('restoreFromBackup'), operation, nth: 1, when }),
    );
    const execution = await shop.run('restore', {});
    await shop.settle();
    expect(kills.map(({ struck }) => struck)).toEqual(kills.map(() => 1));
    expect(execution.status).toBe('SUCCEEDED');
    const { warnings, restored } = JSON.parse(execution.output ?? '{}') as {
      readonly warnings: readonly string[];
      readonly restored: { readonly targetTable: string };
    };
    return { warnings: warnings.join('\n'), targetTable: restored.targetTable };
  }
  const timeToLiveOf = async (TableName: string) =>
    JSON.stringify(await shop.dynamo.call('DescribeTimeToLive', { TableName }));

  it.each(['DeleteResourcePolicy', 'UpdateTimeToLive'])(
    'names the settings that may be missing, and those that no restore brings back, if no call lives past %s',
    async (operation) => {
      const { warnings, targetTable } = await restoreKilled(operation, { calls: 3 });
      expect(await timeToLiveOf(targetTable)).toContain('DISABLED');
      expect(warnings).toContain(
        `${targetTable}: the restore ended before it had confirmed these settings of products: tags budget, team; time to live on expiresAt.`,
      );
      expect(warnings).toContain('A backup does not say whether products had auto scaling');
    },
  );

  it.each(['before', 'after'] as const)(
    'sets them with its next call, and the report names none of them, if it dies %s it has sent a request',
    async (when) => {
      const { warnings, targetTable } = await restoreKilled('UpdateTimeToLive', { calls: 1, when });
      expect(await timeToLiveOf(targetTable)).toContain('ENABLED');
      expect(warnings).not.toContain('had confirmed');
      expect(warnings.split('A backup does not say whether')).toHaveLength(2);
    },
  );
});
