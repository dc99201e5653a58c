import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../../functions/shared/runs/report.ts';
import { openShop, type TestShop } from '../../support/migration.ts';
import { runCommand } from '../cli/run-command.ts';

const cwd = mkdtempSync(join(tmpdir(), 'empty-'));

describe('a source table without a product', () => {
  let shop: TestShop;
  beforeEach(async () => {
    shop = await openShop();
    await shop.dynamo.fillProducts([]);
  });
  afterEach(() => shop.stop());

  const plan = (...args: readonly string[]) =>
    runCommand('plan', ['--stage', 'local', ...args], {
      cwd,
      environment: { AWS_ENDPOINT_URL: shop.aws.endpoint },
    });

  it.each([{}, { dryRun: true }, { allowEmpty: false }])(
    'fails a run with %j, which creates nothing',
    async (input) => {
      const execution = await shop.run('migrate', input);

      expect(execution).toMatchObject({ status: 'FAILED', error: 'SourceTableEmptyError' });
      expect(execution.cause).toContain('Table products is empty');
      expect(execution.cause).toMatch(/\nIn the console, start migrate with \{.*"allowEmpty": true\}$/);
      expect((await shop.dynamo.tableNames()).toSorted()).toEqual(
        ['products', shop.aws.ledgerTable].toSorted(),
      );
      expect(await shop.objectKeys('')).toEqual([]);
    },
  );

  it('is migrated when the input allows it, with a warning in the report', async () => {
    const report = await shop.migrate({ allowEmpty: true });

    expect(report).toMatchObject({ status: 'SUCCEEDED', source: { products: 0 }, migrated: { items: 0 } });
    expect(report.warnings).toContain('Table products is empty, so there is nothing to migrate.');
    expect(await shop.dynamo.tableNames()).toContain('products-enhanced');
  });

  it('is a warning of a plan, which says that a run would stop, and how it would not', async () => {
    const stopped = await plan();
    expect(stopped.stdout).toMatch(/▲ Table products is empty, so a run would migrate nothing\./);
    expect(stopped.stdout).toContain('Money, each month');
    expect(stopped.stdout).toContain(
      '✖ A run would stop here: the source table is empty. Fill it, or migrate nothing:',
    );
    expect(stopped.code).toBe(3);
    const [, resume = ''] =
      /\n {2}npm run migrate -- --stage local --resume (\S+)\n$/.exec(stopped.stdout) ?? [];
    expect((await shop.run('migrate', { resume })).status).toBe('SUCCEEDED');

    const quick = await plan('--quick', '--json');
    expect(JSON.parse(quick.stdout)).toMatchObject({ report: null, verdict: { ready: false } });

    const allowed = await plan('--allow-empty', '--json');
    expect(JSON.parse(allowed.stdout)).toMatchObject({
      connection: { ok: true },
      report: { status: 'PLANNED' },
    });
    expect(allowed.code).toBe(0);
  });

  it('does not stop a held run that goes on: its backup was made before', async () => {
    await shop.dynamo.put('products', { id: { S: 'nameless' } });
    const held = await shop.run('migrate', { onFailure: 'hold' }, 'held');
    expect(held).toMatchObject({ status: 'FAILED', error: 'TooManyQuarantinedError' });
    await shop.dynamo.call('DeleteItem', { TableName: 'products', Key: { id: { S: 'nameless' } } });

    const resumed = await shop.run('migrate', { resume: 'held', maxQuarantined: 1 });

    expect(resumed.status).toBe('SUCCEEDED');
    expect(JSON.parse(resumed.output ?? '')).toMatchObject({ runId: 'held', migrated: { quarantined: 1 } });
  });
});

describe('npm start with an empty file', () => {
  it('is not a success', async () => {
    const path = join(cwd, 'nothing.jsonl');
    writeFileSync(path, '');
    const { code, stdout } = await runCommand('start', ['--input', path, '--json'], { cwd: process.cwd() });
    expect(JSON.parse(stdout) as Report).toMatchObject({ failure: { error: 'SourceTableEmptyError' } });
    expect(code).toBe(3);
  });
});
