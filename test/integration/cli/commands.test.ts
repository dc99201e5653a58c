import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../../functions/shared/runs/report.ts';
import { generateProducts } from '../../../workflow/local/products/generate-products.ts';
import { eventually } from '../../support/embedded.ts';
import { openShop, type TestShop } from '../../support/migration.ts';
import { type CommandEnd, pipeCommand, recordCommand, runCommand } from './run-command.ts';

const products = 60;
let shop: TestShop;
let cwd: string;

beforeAll(async () => {
  shop = await openShop({ products: generateProducts({ count: products }) });
  cwd = mkdtempSync(join(tmpdir(), 'operator-'));
});

afterAll(() => shop.stop());

const environment = (): Record<string, string> => ({ AWS_ENDPOINT_URL: shop.aws.endpoint });

const onStage = (name: string, ...args: readonly string[]): Promise<CommandEnd> =>
  runCommand(name, ['--stage', 'local', ...args], { cwd, environment: environment() });

const migrated: { report?: Report } = {};

describe('the commands, one after the other as an operator would use them', () => {
  it('plan counts every product, prices the tables and creates none', async () => {
    const { code, stdout, stderr } = await onStage('plan', '--json');
    expect(stderr).toContain('Table products is ACTIVE');
    expect(stderr).toMatch(/orders +6 \+ 6, with 2 indexes +\$3\.89 +Rs 342 +Rs 80-100/);
    expect(code).toBe(0);
    const plan = JSON.parse(stdout) as {
      connection: { ok: boolean };
      report: Report;
      estimate: { rehearsed: boolean; items: number };
      verdict: object;
    };
    expect(plan).toMatchObject({ connection: { ok: true }, report: { status: 'PLANNED' } });
    expect(plan.report.source.products).toBe(products);
    expect(plan.estimate).toMatchObject({ rehearsed: true, items: migratedItems(plan.report) });
    expect(plan.report.tables).toEqual([]);
    expect(plan.verdict).toEqual({
      ready: true,
      sentence: 'Nothing stops a run. This command applies the very files that were planned:',
      command: `npm run migrate -- --stage local --resume ${plan.report.runId}`,
    });
  });

  it('plan and migrate refuse what would cost more than --max-cost, and nothing is created', async () => {
    const planned = await onStage('plan', '--quick', '--max-cost', '0.0001', '--json');
    expect(planned.code).toBe(3);
    expect(planned.stderr).toMatch(
      /✖ The migration is estimated at \$0\.\d+ at the prices of ap-southeast-2, and maxCost allows \$0\.00010\. Nothing was created\./,
    );
    expect(JSON.parse(planned.stdout)).toMatchObject({
      connection: { ok: false },
      verdict: { ready: false },
    });

    const migrated = await onStage('migrate', '--max-cost', '0.0001', '--json');
    expect(migrated.code).toBe(3);
    expect(JSON.parse(migrated.stdout)).toMatchObject({
      status: 'REFUSED',
      backup: null,
      tables: [],
      failure: { error: 'CostLimitError' },
    });
    expect(await shop.dynamo.tableNames()).not.toContain('cart');
  });

  it('migrate follows the run and prints the report as the one document', async () => {
    const { code, stdout, stderr } = await onStage('migrate', '--json', '--note', 'tuesday');
    expect(stderr).toContain('MigrateProducts');
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as Report;
    migrated.report = report;
    expect(report).toMatchObject({ status: 'SUCCEEDED', migrated: { products, quarantined: 0 } });
    const folder = join(cwd, '.local', 'runs', report.runId);
    expect(JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'))).toEqual(report);
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('<!doctype html>');
  });

  it('migrate draws bars on a terminal', async () => {
    const options = { cwd, environment: environment() };
    const { code, stdout } = await recordCommand('migrate', ['--stage', 'local'], options);
    expect(stdout).toContain('━━━━━');
    expect(stdout).toMatch(/✔.* MigrateProducts/);
    expect(stdout).toContain('were migrated before');
    expect(code).toBe(0);
  });

  it('an interrupted migrate leaves the run alone and says how to follow it, which follow does', async () => {
    const functionName = 'products-migration-local-backupProducts';
    const hold = shop.aws.faults.add({ functionName, operation: 'Scan', kind: 'throttle' });
    const options = { cwd, environment: environment(), interruptAt: 'BackupProducts' };
    const { code, stdout } = await runCommand('migrate', ['--stage', 'local'], options);
    expect(code).toBe(130);
    hold.remove();
    const [, runId = ''] = /npm run follow -- --stage local (\S+)/.exec(stdout) ?? [];
    const followed = await onStage('follow', runId);
    expect(followed.stdout).toContain('were migrated before');
    expect(followed.code).toBe(0);
  });

  it('a migrate whose reader has gone ends quietly and leaves the run alone', async () => {
    const functionName = 'products-migration-local-backupProducts';
    const hold = shop.aws.faults.add({ functionName, operation: 'Scan', kind: 'throttle' });
    const args = ['--stage', 'local', '--dry-run'];
    const { stdout, stderr } = await pipeCommand('migrate', args, { cwd, environment: environment() });
    expect(stderr).toBe('ended with 130\n');
    hold.remove();
    const [, runId = ''] = /^Execution +\S+:(\S+)\n$/.exec(stdout) ?? [];
    const followed = await onStage('follow', runId);
    expect(followed.stdout).toContain('Planned.');
    expect(followed.code).toBe(0);
  });

  it('runs lists what there was', async () => {
    const { code, stdout } = await onStage('runs');
    expect(code).toBe(0);
    expect(stdout).toMatch(/migrate-\S+ +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +migrate +SUCCEEDED .*tuesday/);
    expect(stdout).toMatch(/dry run +PLANNED/);
  });

  it('report takes the newest run where none is named', async () => {
    const newest = await onStage('report', '--json');
    const listed = await onStage('runs', '--json', '--limit', '1');
    const [{ runId }] = JSON.parse(listed.stdout) as [{ runId: string }];
    expect(JSON.parse(newest.stdout)).toMatchObject({ runId });
    expect(newest.code).toBe(0);
  });

  it('follow takes the newest run where none is named', async () => {
    const listed = await onStage('runs', '--json', '--limit', '1');
    const [{ runId }] = JSON.parse(listed.stdout) as [{ runId: string }];
    const followed = await onStage('follow', '--json');
    expect(JSON.parse(followed.stdout)).toMatchObject({ runId });
  });

  it('every command prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await runCommand('runs', ['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  it('report writes the page of a run again and prints its path', async () => {
    const { code, stdout } = await onStage('report', migrated.report?.runId ?? '');
    expect(code).toBe(0);
    const path = join(cwd, stdout.trim());
    expect(existsSync(path)).toBe(true);
    expect(readFileSync(path, 'utf8')).toContain('products migrated as');
  });

  it('backups lists them, verify-backup finds them sound, restore brings one back', async () => {
    const backupId = migrated.report?.backup?.backupId ?? '';
    expect((await onStage('backups')).stdout).toContain(backupId);
    const verified = await onStage('verify-backup', '--backup', backupId);
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('is sound: 60 items') });
    const restored = await onStage('restore', '--backup', backupId, '--target', 'products-restored-again');
    expect(restored.stdout).toContain('60 items restored into the new table products-restored-again');
    expect(restored.code).toBe(0);
  });

  it('verify-backup names what is damaged, and ends with 6', async () => {
    const { backupId = '' } = migrated.report?.backup ?? {};
    const [Key = ''] = await shop.objectKeys(`AWSDynamoDB/${backupId}/data/`);
    await shop.s3.send(new PutObjectCommand({ Bucket: shop.aws.bucket, Key, Body: 'nothing' }));
    const { code, stdout } = await onStage('verify-backup', '--backup', backupId);
    expect(stdout).toContain(Key);
    expect(stdout).toMatch(
      /npm run backups -- --stage local\n[^]*npm run migrate -- --stage local --dry-run\n/,
    );
    expect(code).toBe(6);
  });

  it('verify-backup lists the backups where the one that was named is not there', async () => {
    const { code, stderr } = await onStage('verify-backup', '--backup', '01772366400000-0a1b2c3d');
    expect(stderr).toBe(
      'There is no backup 01772366400000-0a1b2c3d in this bucket.\nList the backups:\nnpm run backups -- --stage local\n',
    );
    expect(code).toBe(3);
  });
});

describe('what is refused is a sentence and exit code 3', () => {
  it('a restore of the newest backup, where that one cannot be read: backups names it as well', async () => {
    const Key = 'AWSDynamoDB/99999999999999-00000000/manifest-summary.json';
    const object = { Bucket: shop.aws.bucket, Key };
    await shop.s3.send(new PutObjectCommand({ ...object, Body: '{' }));
    const listed = await onStage('backups');
    const restored = await onStage('restore');
    await shop.s3.send(new DeleteObjectCommand(object));
    expect(listed.stderr).toContain(`${Key}, which names its table, cannot be read. It is not in the list.`);
    expect(listed.code).toBe(0);
    expect(restored.stdout).toContain('name the backup that you mean. Nothing was changed.');
    expect(restored.code).toBe(3);
  });

  it('a refused input', async () => {
    const { code, stdout } = await onStage('migrate', '--execution-input', '{"dryrun": true}');
    expect(stdout).toContain('InvalidInputError');
    expect(stdout).toContain('unknown field "dryrun"');
    expect(stdout).toContain('npm run migrate -- --help');
    expect(stdout).not.toMatch(/npm run migrate -- --stage|start migrate with/);
    expect(code).toBe(3);
  });

  it('a refused input, as a document', async () => {
    const { code, stdout } = await onStage('migrate', '--json', '--execution-input', '"abc"');
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'migrate',
      status: 'REFUSED',
      failure: { error: 'InvalidInputError' },
      tables: [],
    });
    expect(code).toBe(3);
  });

  it('a refused restore, as a document that says that it was one', async () => {
    const { code, stdout } = await onStage('restore', '--json', '--target', 'elsewhere');
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'restore',
      status: 'REFUSED',
      failure: { error: 'RestoreTargetError' },
    });
    expect(code).toBe(3);
  });

  it('a refused start is listed with the runs, and its report is what follow shows', async () => {
    const { stdout } = await onStage('runs', '--json');
    const runs = JSON.parse(stdout) as readonly { readonly runId: string; readonly status: string }[];
    const refused = runs.filter(({ status }) => status === 'REFUSED');
    expect(refused.slice(0, 2)).toMatchObject([
      { kind: 'restore', items: 0 },
      { kind: 'migrate', items: 0 },
    ]);
    const runId = refused[1]?.runId ?? '';
    const report = await onStage('report', runId);
    expect(report.stderr).toContain(`\nnpm run follow -- --stage local ${runId}\n`);
    expect(report.code).toBe(3);
  });

  it('a run that is not there', async () => {
    const { code, stderr } = await onStage('report', 'no-such-run');
    expect(stderr).toContain('knows no run no-such-run');
    expect(code).toBe(3);
  });

  it('a stage that cannot be one; the command was used wrongly, so it ends with 2', async () => {
    const { code, stderr } = await runCommand('runs', ['--stage', 'Prod!'], { cwd });
    expect(stderr).toBe(
      '"Prod!" cannot be a stage: a stage has up to 16 lower-case letters, digits and hyphens.\n',
    );
    expect(code).toBe(2);
  });

  it.each([
    ['rollback', ['--stage', 'local'], "error: missing required argument 'runId'"],
    ['migrate', [], "error: required option '-s, --stage <stage>' not specified"],
  ])('a %s that was typed wrongly, with the command that lists the options', async (name, args, said) => {
    const { code, stderr } = await runCommand(name, args, { cwd });
    expect(stderr).toBe(`${said}\nFor its options: npm run ${name} -- --help\n`);
    expect(code).toBe(2);
  });

  it.each([
    ['rollback', [''], '<runId>'],
    ['report', [''], '<runId>'],
    ['migrate', ['--resume', ''], '--resume'],
    ['restore', ['--backup', ''], '--backup'],
  ])('a %s with an empty text, as of a variable that is not set: %j', async (name, args, empty) => {
    const { code, stderr } = await onStage(name, ...args);
    expect(stderr).toContain(
      `error: ${empty} is empty. Give it a value, or leave it out. Nothing was started.`,
    );
    expect(stderr).toContain(`For its options: npm run ${name} -- --help`);
    expect(code).toBe(2);
  });

  it('a region that the embedded AWS does not have', async () => {
    const { code, stderr } = await onStage('runs', '--region', 'us-east-1');
    expect(stderr).toBe(
      'Stage local is the embedded AWS, whose only region is ap-southeast-2. Leave --region us-east-1 out.\n',
    );
    expect(code).toBe(3);
  });

  it('no limit at all: runs lists all of them', async () => {
    const all = await onStage('runs', '--limit', '9007199254740991', '--json');
    expect((JSON.parse(all.stdout) as unknown[]).length).toBeGreaterThan(0);
    expect(all.code).toBe(0);
  });

  it('no embedded AWS', async () => {
    const nowhere = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' };
    const { code, stderr } = await runCommand('runs', ['--stage', 'local'], { cwd, environment: nowhere });
    expect(stderr).toContain('Nothing answers at http://127.0.0.1:1');
    expect(code).toBe(3);
  });

  it('a profile that does not exist, which is named', async () => {
    const none = { AWS_EC2_METADATA_DISABLED: 'true', AWS_ENDPOINT_URL: shop.aws.endpoint, HOME: cwd };
    const args = ['--stage', 'prod', '--profile', 'nobodys'];
    const { code, stderr } = await runCommand('runs', args, { cwd, environment: none });
    expect(stderr).toContain('The AWS profile "nobodys" gives no credentials');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(3);
  });

  it('no credentials', async () => {
    const none = { AWS_EC2_METADATA_DISABLED: 'true', AWS_ENDPOINT_URL: shop.aws.endpoint };
    const { code, stderr } = await runCommand('migrate', ['--stage', 'prod'], { cwd, environment: none });
    expect(stderr).toContain('There are no AWS credentials to work with.');
    expect(stderr).toMatch(/\. Then run the command again\.\n$/);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(3);
  });
});

const migratedItems = ({ rehearsal }: Report): number =>
  (rehearsal?.metadata ?? 0) + (rehearsal?.variants ?? 0);

describe('a stage without runs', () => {
  it('report and follow say so, and how to start one', async () => {
    const empty = await openShop();
    try {
      const options = { cwd, environment: { AWS_ENDPOINT_URL: empty.aws.endpoint } };
      for (const name of ['report', 'follow']) {
        const { code, stderr } = await runCommand(name, ['--stage', 'local'], options);
        expect(stderr).toContain(
          'Stage local has no runs yet.\nStart one:\nnpm run migrate -- --stage local\n',
        );
        expect(code).toBe(3);
      }
    } finally {
      await empty.stop();
    }
  });
});

describe('follow', () => {
  it('follow of a stopped run waits until it is recovered, and reports its end', async () => {
    const functionName = 'products-migration-local-backupProducts';
    const hold = shop.aws.faults.add({ functionName, operation: 'Scan', kind: 'throttle' });
    const { executionArn = '' } = await shop.sfn.send(
      new StartExecutionCommand({ stateMachineArn: shop.aws.stateMachines['migrate'], name: 'stopped' }),
    );
    await eventually(() => (hold.struck > 0 ? true : undefined));
    const following = onStage('follow', 'stopped');
    await shop.sfn.send(new StopExecutionCommand({ executionArn }));
    hold.remove();
    const { stdout, code } = await following;
    expect(stdout).toContain('Rolled back.');
    expect(stdout).not.toContain('Roll back failed');
    expect(code).toBe(1);
  });

  it('follow believes the ledger when a run that succeeded has been rolled back since', async () => {
    expect((await shop.run('migrate', {}, 'rolled-back')).status).toBe('SUCCEEDED');
    const order = { runId: 'rolled-back', confirm: 'rolled-back' };
    expect((await shop.run('rollback', order)).status).toBe('SUCCEEDED');
    const { stdout, code } = await onStage('follow', 'rolled-back');
    expect(stdout).toContain('Rolled back.');
    expect(code).toBe(1);
  });

  it('follow of a run that nobody knows says where they are listed', async () => {
    const { stderr, code } = await onStage('follow', 'nobody');
    expect(stderr).toContain('npm run runs');
    expect(code).toBe(3);
  });
});
