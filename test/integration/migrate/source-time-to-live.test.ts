import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import type { ConnectionReport } from '../../../functions/test-connection/test-connection.ts';
import { lacks } from '../../support/engine-lacks.ts';
import { openShop, type TestShop } from '../../support/migration.ts';
import { runCommand } from '../cli/run-command.ts';

let shop: TestShop;
const nowSeconds = Math.floor(Date.now() / 1_000);
const product = (id: string, more: WireItem = {}): WireItem => ({
  id: { S: id },
  name: { S: `Product ${id}` },
  price: { N: '10' },
  ...more,
});
const until = (seconds: number): WireItem => ({ endsAt: { N: String(nowSeconds + seconds) } });
const sixYears = 6 * 365 * 24 * 3_600;

beforeAll(async () => {
  shop = await openShop();
  await shop.dynamo.fillProducts([
    product('1'),
    product('2', until(-3_600)),
    product('3', until(86_400)),
    product('4', until(-sixYears)),
    product('5', { endsAt: { S: 'never' } }),
  ]);
});
afterAll(() => shop.stop());

const checks = async (): Promise<ConnectionReport> =>
  (await shop.invoke<ConnectionReport>('testConnection', { input: {}, check: true })).answer;
const checkOf = async () => (await checks()).checks.find(({ name }) => name === 'time to live of products');

describe('a source without time to live', () => {
  it('is said to have none, and its report says nothing of it', async () => {
    expect(await checkOf()).toMatchObject({ outcome: 'done' });
    const report = await shop.migrate({ dryRun: true });
    expect(report.source).not.toHaveProperty('timeToLive');
  });
});

describe('a source with time to live', () => {
  beforeAll(() =>
    shop.dynamo.call('UpdateTimeToLive', {
      TableName: 'products',
      TimeToLiveSpecification: { AttributeName: 'endsAt', Enabled: true },
    }),
  );

  it('is a warning of the connection test, which names the attribute', async () => {
    expect(await checkOf()).toMatchObject({
      outcome: 'warning',
      sentence: expect.stringContaining('products deletes items by time to live on endsAt'),
    });
  });

  it.skipIf(lacks('expired items'))(
    'has the items counted by plan that live for ever in the target, and those that have expired',
    async () => {
      const environment = { AWS_ENDPOINT_URL: shop.aws.endpoint };
      const cwd = mkdtempSync(join(tmpdir(), 'operator-'));
      const { code, stdout, stderr } = await runCommand('plan', ['--stage', 'local'], { cwd, environment });
      expect(code).toBe(0);
      expect(`${stdout}${stderr}`).toContain('2 items with a time in endsAt, 1 of them expired');
    },
  );

  it.skipIf(lacks('expired items'))('has them counted in the report, with what to do', async () => {
    const report = await shop.migrate();
    expect(report.source.timeToLive).toEqual({ attribute: 'endsAt', expiring: 2, expired: 1 });
    expect(report.warnings?.join('\n')).toContain(
      '2 items carry such a time, and 1 of them had expired when the run began.',
    );
    expect(report.migrated.products).toBe(5);
  });
});
