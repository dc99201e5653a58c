import { DescribeTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { isExpired } from '../../../functions/shared/aws/time-to-live.ts';
import type { Migration } from '../../../functions/shared/migration/migration.ts';
import type { TableSpec } from '../../../functions/shared/migration/table-spec.ts';
import { evenAndOdd } from '../../support/two-tables.ts';
import { type Bench, product } from '../files/backup-bench.ts';
import { commitBench, driveRun } from './commit-bench.ts';

let bench: Bench;
afterEach(() => bench.stop());

const expiring = <Spec extends TableSpec>(spec: Spec): Spec => ({ ...spec, timeToLiveAttribute: 'until' });
const bothExpire: Migration = {
  ...evenAndOdd,
  targets: evenAndOdd.targets.map(expiring),
  filled: evenAndOdd.filled.map(expiring),
};

/** Epoch seconds: long over, and not so long that time to live leaves the item alone. */
const over = (nowMillis: number): string => String(Math.floor(nowMillis / 1_000) - 30 * 24 * 3_600);

async function timeToLiveOf(TableName: string): Promise<unknown> {
  const { TimeToLiveDescription } = await bench.runtime.clients.dynamo.send(
    new DescribeTimeToLiveCommand({ TableName }),
  );
  return TimeToLiveDescription;
}

/** What DynamoDB does within days: it deletes what has expired, where time to live is on. */
async function expire(tableName: string): Promise<void> {
  const { items, clock } = bench.runtime;
  const found = (await timeToLiveOf(tableName)) as { readonly AttributeName?: string } | undefined;
  const expiry = { attributeName: found?.AttributeName, nowSeconds: clock.now() / 1_000 };
  const page = await items.scanPage({ tableName, segment: 0, totalSegments: 1 });
  for (const item of page.items.filter((one) => isExpired(one, expiry)))
    if (item.PK !== undefined)
      await items.deleteIf(tableName, { PK: item.PK }, { expression: 'attribute_exists(PK)' });
}

describe('a run into new tables whose items expire', () => {
  it('succeeds though some have expired, because time to live goes on only after its commit', async () => {
    const until = over(Date.now());
    const started = await commitBench([product(1, { until: { N: until } }), product(2), product(3)]);
    bench = { ...started.bench, runtime: { ...started.bench.runtime, migration: bothExpire } };
    const report = await driveRun(bench, started.run, async (stage) => {
      if (stage !== 'VerifyMigration' && stage !== 'CompleteRun') return;
      await expire('even');
      await expire('odd');
    });
    expect(report).toMatchObject({ status: 'SUCCEEDED', migrated: { products: 3, items: 3 } });
    for (const name of ['even', 'odd'])
      expect(await timeToLiveOf(name)).toMatchObject({ AttributeName: 'until', TimeToLiveStatus: 'ENABLED' });
  });
});
