import {
  DeleteItemCommand,
  DescribeTimeToLiveCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import type { RestoreReport } from '../../../functions/restore-from-backup/complete-restore.ts';
import { stringAttribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { sealBackup } from '../../../functions/shared/runs/seal-backup.ts';
import {
  type Bench,
  product,
  productsTable,
  sourceTable,
  startBench,
} from '../../unit/files/backup-bench.ts';
import { awsError } from '../../unit/migrate/migrate-bench.ts';
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
  describe('of an existing table', () => {
    const targetTable = 'products-restored-mine';

    /** Restores while somebody deletes the product with the time as soon as it is put back, as time to live does. */
    async function restoreWhileDeleting(isOn: boolean): Promise<RestoreReport> {
      const { dynamo } = bench.runtime.clients;
      await bench.createTable({ ...productsTable, TableName: targetTable });
      const TimeToLiveSpecification = { AttributeName: 'expiresAt', Enabled: true };
      if (isOn)
        await dynamo.send(new UpdateTimeToLiveCommand({ TableName: targetTable, TimeToLiveSpecification }));
      const runtime = bench.withItems({
        async putIf(tableName, item, condition) {
          const outcome = await bench.runtime.items.putIf(tableName, item, condition);
          const Key = { id: { S: stringAttribute(item, 'id') ?? '' } };
          if ('expiresAt' in item) await dynamo.send(new DeleteItemCommand({ TableName: tableName, Key }));
          return outcome;
        },
      });
      return restore(bench, { targetTable }, { runtime });
    }

    it('may delete again what has expired, and the report says so', async () => {
      await backedUpWithTimeToLive(expiring(nowSeconds - 3_600));
      const { verification, restored, warnings = [] } = await restoreWhileDeleting(true);
      expect(restored).toMatchObject({ mode: 'EXISTING', written: 2, expired: 1 });
      expect(verification).toMatchObject({ expected: 2, found: 1, missing: 0 });
      expect(warnings).toContain(
        `${targetTable} lacks 1 expired item of the backup: its time to live has deleted it again.`,
      );
    });
    it('is asked for again where DynamoDB is asked too often', async () => {
      await backedUpWithTimeToLive(expiring(nowSeconds + 3_600));
      await bench.createTable({ ...productsTable, TableName: targetTable });
      const { tables } = bench.runtime.clients;
      const sent = tables.send.bind(tables) as (command: object) => Promise<unknown>;
      let isFirst = true;
      const send = (command: object): Promise<unknown> => {
        if (!(command instanceof DescribeTimeToLiveCommand) || !isFirst) return sent(command);
        isFirst = false;
        return Promise.reject(awsError('ThrottlingException'));
      };
      Object.assign(tables, { send });
      expect((await restore(bench, { targetTable })).verification).toMatchObject({ found: 2, missing: 0 });
      expect(isFirst).toBe(false);
    });
    it('does not excuse an item that has not expired, nor any item while it is off', async () => {
      await backedUpWithTimeToLive(expiring(Math.floor(Date.now() / 1_000) + 3_600));
      await expect(restoreWhileDeleting(true)).rejects.toThrow('missing: 1, not 0');
      await bench.stop();
      await backedUpWithTimeToLive(expiring(nowSeconds - 3_600));
      await expect(restoreWhileDeleting(false)).rejects.toThrow('missing: 1, not 0');
    });
    it('is named where it will delete what has come back', async () => {
      await backedUpWithTimeToLive(expiring(nowSeconds - 3_600));
      await bench.createTable({ ...productsTable, TableName: targetTable });
      const { warnings = [] } = await restore(bench, { targetTable });
      expect(warnings.join(' ')).toMatch(/holds 1 item of the backup that had expired .* it deletes it\./);
    });
  });
  it('stays off, with a warning, when it would delete restored items', async () => {
    await backedUpWithTimeToLive(expiring(nowSeconds - 3_600));
    const report = await restore(bench);
    expect(report.restored.expired).toBe(1);
    expect(report.warnings?.join()).toContain('1 restored item has expired');
    expect(await timeToLiveOf(bench, report.restored.targetTable)).toMatchObject({
      TimeToLiveStatus: 'DISABLED',
    });
  });
});
