import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { catalogueTable } from '../../support/shop.ts';
import { generateProducts } from '../../../workflow/local/products/generate-products.ts';
import { openShop, type TestShop } from '../../support/migration.ts';
import { type CommandEnd, runCommand } from './run-command.ts';

let shop: TestShop;
const cwd = mkdtempSync(join(tmpdir(), 'plan-'));

beforeAll(async () => void (shop = await openShop({ products: generateProducts({ count: 20 }) })));
afterAll(() => shop.stop());
afterEach(() => shop.aws.faults.clear());

const plan = (...args: readonly string[]): Promise<CommandEnd> =>
  runCommand('plan', ['--stage', 'local', ...args], {
    cwd,
    environment: { AWS_ENDPOINT_URL: shop.aws.endpoint },
  });

const denied = { kind: 'error', code: 'AccessDeniedException', status: 400 } as const;
const anyMoney = /\$\d/;

/** Makes a run one of another source, as if the stage had been deployed for that one then. */
async function makeOfSource(runId: string, from: string, to: string): Promise<void> {
  const TableName = shop.aws.ledgerTable;
  const lockOf = (table: string) => ({ PK: { S: `LOCK#${table}` }, SK: { S: 'LOCK' } });
  const { Item } = await shop.dynamo.call<{ Item: object }>('GetItem', {
    TableName,
    Key: lockOf(from),
  });
  await shop.dynamo.call('PutItem', { TableName, Item: { ...Item, ...lockOf(to) } });
  await shop.dynamo.call('DeleteItem', { TableName, Key: lockOf(from) });
  await shop.dynamo.call('UpdateItem', {
    TableName,
    Key: { PK: { S: `RUN#${runId}` }, SK: { S: 'RUN' } },
    UpdateExpression: 'SET sourceTable = :to',
    ExpressionAttributeValues: { ':to': { S: to } },
  });
}

describe('npm run plan', () => {
  it('ends after a failed dry run with its error and the next step, and without a figure', async () => {
    shop.aws.faults.add({
      ...denied,
      operation: 'Scan',
      functionName: 'products-migration-local-backupProducts',
    });
    const { code, stdout } = await plan();
    expect(stdout).toMatch(/✖ A run would fail: PermissionDeniedError: .*\n +Fix the reported cause/);
    expect(stdout).toMatch(/^ +npm run migrate -- --stage local --dry-run$/m);
    expect(stdout).not.toMatch(anyMoney);
    expect(code).toBe(1);
  });

  it('stops at the lock of a held run, and says how to free it', async () => {
    shop.aws.faults.add({ ...denied, operation: 'BatchWriteItem', table: 'products-enhanced' });
    const { executionArn = '' } = await shop.run('migrate', { onFailure: 'hold' });
    const runId = executionArn.split(':').at(-1) ?? '';
    const { code, stdout, stderr } = await plan('--json');
    expect(stderr).toMatch(new RegExp(`✖ Table products is locked by run ${runId} \\(HELD since .*`));
    expect(stderr).toContain('✖ A run would stop here. Fix what is marked, then plan again.\n');
    expect(stderr).toContain(`  npm run migrate -- --stage local --resume ${runId}\n`);
    expect(stderr).toContain(`  npm run rollback -- --stage local ${runId}\n`);
    expect(stderr).not.toContain('Dry run');
    expect(stderr).not.toMatch(anyMoney);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      connection: { ok: false },
      estimate: null,
      verdict: { ready: false },
    });
    expect((await plan('--quick')).stdout).not.toContain('No check stops a run');
    await makeOfSource(runId, 'products', 'other-products');
    const shared = await plan('--quick');
    expect(shared.stdout).toContain(
      `✖ Run ${runId} of table other-products is HELD and works in table products-enhanced as well.`,
    );
    expect(shared.stdout).toContain(`npm run rollback -- --stage local ${runId}\n`);
    expect(shared.code).toBe(3);
    await makeOfSource(runId, 'other-products', 'products');
    shop.aws.faults.clear();
    await shop.run('rollback', { runId });
  });

  it('stops at a table that the shop has switched to, with the confirmation and all that was typed', async () => {
    const Item = {
      PK: { S: 'TABLE#products-enhanced' },
      SK: { S: 'SWITCHED' },
      syncId: { S: 'sync-1' },
      switchedAt: { S: '2026-03-01T12:00:00.000Z' },
    };
    await shop.dynamo.call('PutItem', { TableName: shop.aws.ledgerTable, Item });
    // There is no such table any more, so the shop cannot use it.
    expect((await plan('--quick')).stdout).toContain('✔ No check stops a run.');
    const spec = createTableInput(catalogueTable, { name: 'products-enhanced', tags: {} });
    await shop.dynamo.call('CreateTable', { ...spec });
    const refused = await plan('--quick', '--max-quarantined', '1');
    expect(refused.stdout).toContain(
      '✖ The shop has used table products-enhanced since sync sync-1 switched',
    );
    expect(refused.stdout).toContain(
      'npm run migrate -- --stage local --max-quarantined 1 --confirm sync-1\n',
    );
    expect(refused.code).toBe(3);
    const confirmed = await plan('--quick', '--confirm', 'sync-1');
    expect(confirmed.stdout).toContain('✔ No check stops a run.');
    expect(confirmed.stdout).toContain('npm run migrate -- --stage local --confirm sync-1\n');
    expect(confirmed.code).toBe(0);
  });
});
