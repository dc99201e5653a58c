import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../../functions/shared/runs/report.ts';
import { expectHarmless, HOSTILE } from '../../support/hostile-texts.ts';
import { openShop, type TestShop } from '../../support/migration.ts';
import { type CommandEnd, recordCommand, runCommand } from './run-command.ts';

/** DynamoDB takes no half characters. */
const hostile = HOSTILE.join('').toWellFormed();
const fakedLine = '\n\u001b[32m✔\u001b[39m Succeeded. 9,999 products migrated.\n';
const note = `${fakedLine}${hostile}`.slice(0, 480).toWellFormed();
const id = (index: number): string => `${index}${fakedLine}${hostile}`;

let shop: TestShop;
let cwd: string;
beforeAll(async () => {
  shop = await openShop();
  cwd = mkdtempSync(join(tmpdir(), 'hostile-'));
  await shop.dynamo.fillProducts([
    { id: { S: id(0) }, name: { S: hostile }, price: { N: '1' }, sku: { S: 'one' } },
    { id: { S: id(1) }, name: { S: 'nothing wrong' }, price: { N: '1' }, sku: { S: 'two' } },
    { id: { S: id(2) }, price: { N: '1' } },
  ]);
});
afterAll(() => shop.stop());

const settings = () => ({ cwd, environment: { AWS_ENDPOINT_URL: shop.aws.endpoint } });
const onStage = (name: string, ...args: readonly string[]): Promise<CommandEnd> =>
  runCommand(name, ['--stage', 'local', ...args], settings());

/** Everything that was written, and no line that the data made up. */
function expectHonest({ stdout, stderr }: CommandEnd): void {
  for (const text of [stdout, stderr]) {
    expectHarmless(text);
    expect(text).not.toMatch(/^✔ Succeeded\. 9,999/m);
  }
}

describe('a shop whose ids, names and notes hold what a terminal would obey', () => {
  it('is planned, migrated, listed, reported, backed up and restored without one of them being obeyed', async () => {
    const planned = await onStage('plan', '--execution-input', JSON.stringify({ note }));
    expectHonest(planned);
    expect(planned.stdout).toContain('\\u001b[32m✔');
    expect(planned.code).toBe(3);

    const refused = await onStage('migrate', '--execution-input', JSON.stringify({ note }));
    expectHonest(refused);
    expect(refused.stdout).toContain('TooManyQuarantinedError');

    const migrated = await onStage(
      'migrate',
      '--execution-input',
      JSON.stringify({ note, maxQuarantined: 1 }),
      '--json',
    );
    expectHonest(migrated);
    const report = JSON.parse(migrated.stdout) as Report;
    expect(report).toMatchObject({ status: 'SUCCEEDED', parameters: { note } });
    const backup = report.backup?.backupId ?? '';
    for (const [name, ...args] of [
      ['runs'],
      ['runs', '--json'],
      ['report', report.runId],
      ['report', report.runId, '--json'],
      ['follow', report.runId],
      ['backups'],
      ['verify-backup', '--backup', backup],
      [
        'restore',
        '--backup',
        backup,
        '--target',
        'products-restored-hostile',
        '--note',
        note.replaceAll('\0', ''),
      ],
    ] as const) {
      const end = await onStage(name, ...args);
      expectHonest(end);
      expect(end.code).toBe(0);
    }
    for (const file of ['report.json', 'report.html'])
      expectHarmless(readFileSync(join(cwd, '.local', 'runs', report.runId, file), 'utf8'));
  });

  it('is shown on a terminal in our own colours only', async () => {
    const { stdout } = await recordCommand('runs', ['--stage', 'local'], settings());
    expect(stdout).toContain('SUCCEEDED');
    expectHarmless(stdout, { isTTY: true });
    expect(stdout).toContain('\\n\\u001b[32m✔\\u001b[39m Succeeded.');
  });

  it('cannot speak through an error of a service, nor through what was typed', async () => {
    shop.aws.faults.add({
      service: 'lambda',
      kind: 'error',
      code: 'AccessDeniedException',
      status: 400,
      message: note,
    });
    const denied = await onStage('plan');
    shop.aws.faults.clear();
    expectHonest(denied);
    expect(denied.stderr).toContain('These credentials may not do that');

    for (const end of [
      await onStage('report', fakedLine),
      await onStage('follow', `x${fakedLine}`),
      await onStage('runs', `--${fakedLine}`),
      await onStage('verify-backup', '--backup', fakedLine),
      await runCommand('runs', ['--stage', fakedLine], { cwd }),
      await runCommand('start', ['--break', fakedLine], { cwd: process.cwd() }),
    ]) {
      expectHonest(end);
      expect(end.code).not.toBe(0);
    }
  });

  it('cannot speak through an input file either', async () => {
    const path = join(cwd, 'shop\u001b[31m\u202e.jsonl');
    for (const content of [
      '{"id": "\u001b[2J',
      `[{"id": "a"}, \u202e\u001b[2J]`,
      '{"id": {"N": "\u202e"}}',
    ]) {
      writeFileSync(path, content);
      const end = await runCommand('start', ['--input', path], { cwd: process.cwd() });
      expectHonest(end);
      expect(end.code).toBe(2);
    }
  });

  it('cannot speak through what is damaged in a backup', async () => {
    const [Key = ''] = await shop.objectKeys('AWSDynamoDB/');
    const [, backup = ''] = Key.split('/');
    expect(backup).not.toBe('');
    await shop.s3.send(
      new PutObjectCommand({
        Bucket: shop.aws.bucket,
        Key: `AWSDynamoDB/${backup}/data/\u001b[2J\u202e.json.gz`,
        Body: '',
      }),
    );
    const end = await onStage('verify-backup', '--backup', backup);
    expectHonest(end);
    expect(end.code).toBe(6);
  });
});
