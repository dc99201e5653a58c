import { DescribeTimeToLiveCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { sealBackup } from '../../../functions/shared/runs/seal-backup.ts';
import {
  type Bench,
  product,
  productsTable,
  sourceTable,
  startBench,
} from '../../unit/files/backup-bench.ts';
import { backUpAndTransform } from '../../unit/files/sealed-bench.ts';
import { backupPlan, restore, startTime } from './restore-bench.ts';

let bench: Bench;
afterEach(() => bench.stop());

const timeToLiveOf = async (bench: Bench, TableName: string) =>
  (await bench.runtime.clients.dynamo.send(new DescribeTimeToLiveCommand({ TableName })))
    .TimeToLiveDescription;

describe('time to live', () => {
  const expiring = (expiresAt: number): WireItem[] => [
    product(1, { expiresAt: { N: String(expiresAt) } }),
    product(2),
  ];
  const nowSeconds = Math.floor(Date.parse(startTime) / 1000);

  async function backedUpWithTimeToLive(items: readonly WireItem[]): Promise<void> {
    bench = await startBench();
    await bench.createTable(productsTable);
    const TimeToLiveSpecification = { AttributeName: 'expiresAt', Enabled: true };
    await bench.runtime.clients.dynamo.send(
      new UpdateTimeToLiveCommand({ TableName: sourceTable, TimeToLiveSpecification }),
    );
    await bench.fill(sourceTable, items);
    const run = await bench.begin('run-1', backupPlan);
    await backUpAndTransform(bench, run);
    await sealBackup(bench.runtime, run);
    await transition(bench.runtime.ledger, { run, to: 'SUCCEEDED', lock: 'release', writer: 'test' });
  }

  it('comes back when nothing has expired', async () => {
    await backedUpWithTimeToLive(expiring(nowSeconds + 3_600));
    const report = await restore(bench);
    expect(await timeToLiveOf(bench, report.restored.targetTable)).toMatchObject({
      AttributeName: 'expiresAt',
      TimeToLiveStatus: 'ENABLED',
    });
  });
  it('stays off, with a warning, when it would delete restored items', async () => {
    await backedUpWithTimeToLive(expiring(nowSeconds - 3_600));
    const report = await restore(bench);
    expect(report.restored.expired).toBe(1);
    expect(report.warnings?.join()).toContain('1 restored items have expired');
    expect(await timeToLiveOf(bench, report.restored.targetTable)).toMatchObject({
      TimeToLiveStatus: 'DISABLED',
    });
  });
});
