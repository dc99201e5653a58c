import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../../functions/shared/runs/report.ts';
import { generateProducts } from '../../../workflow/local/products/generate-products.ts';
import { openLine } from '../../support/cuttable-line.ts';
import { eventually } from '../../support/embedded.ts';
import { openShop, type TestShop } from '../../support/migration.ts';
import { type CommandEnd, type CommandOptions, runCommand } from './run-command.ts';

let shop: TestShop;
let cwd: string;

beforeAll(async () => {
  shop = await openShop({ products: generateProducts({ count: 60 }) });
  cwd = mkdtempSync(join(tmpdir(), 'ends-'));
});
afterAll(() => shop.stop());
beforeEach(() => shop.aws.faults.clear());

interface CommandAt extends Pick<CommandOptions, 'onWritten' | 'interruptAt'> {
  readonly at?: string;
  readonly from?: string;
}

const command = (
  name: string,
  args: readonly string[],
  { at = shop.aws.endpoint, from = cwd, ...options }: CommandAt = {},
): Promise<CommandEnd> =>
  runCommand(name, ['--stage', 'local', ...args], {
    cwd: from,
    environment: { AWS_ENDPOINT_URL: at },
    ...options,
  });

const denied = { kind: 'error', code: 'AccessDeniedException', status: 400 } as const;
const runIdOf = ({ stdout }: CommandEnd): string => (JSON.parse(stdout) as Report).runId;

/** A run that takes a minute and a half at its cap, as soon as it writes. */
async function slowRun(): Promise<{ readonly runId: string; readonly following: Promise<CommandEnd> }> {
  const following = command('migrate', ['--write-units-per-second', '4']);
  const { runId } = await eventually(async () => {
    const listed = JSON.parse((await command('runs', ['--json', '--limit', '1'])).stdout) as Listed;
    return listed.find(({ status, kind }) => status === 'RUNNING' && kind === 'migrate');
  });
  return { runId, following };
}
type Listed = readonly { readonly runId: string; readonly status: string; readonly kind: string }[];

const executionOf = (runId: string): string =>
  `${shop.aws.stateMachines['migrate']?.replace(':stateMachine:', ':execution:')}:${runId}`;

describe('the exit code of a command that follows a run', () => {
  it('is 1 for a run that failed and was rolled back', async () => {
    shop.aws.faults.add({ ...denied, operation: 'BatchWriteItem', table: 'products-enhanced' });
    const end = await command('migrate', []);
    expect(end.stdout).toContain('Rolled back.');
    expect(end.code).toBe(1);
  });

  it('is 4 for a run that failed and is held', async () => {
    shop.aws.faults.add({ ...denied, operation: 'BatchWriteItem', table: 'products-enhanced' });
    const end = await command('migrate', ['--on-failure', 'hold', '--json']);
    expect(JSON.parse(end.stdout)).toMatchObject({ status: 'HELD' });
    expect(end.code).toBe(4);
    shop.aws.faults.clear();
    const rolledBack = await command('rollback', [runIdOf(end), '--json']);
    expect(JSON.parse(rolledBack.stdout)).toMatchObject({
      runId: runIdOf(end),
      status: 'ROLLED_BACK',
      attempts: [{ status: 'HELD' }, { status: 'ROLLED_BACK' }],
      rolledBack: { from: 'HELD', onRequest: true },
    });
    expect(rolledBack.stderr).toContain('▲ Rolled back.');
    expect(rolledBack.code).toBe(0);
    const page = readFileSync(join(cwd, '.local', 'runs', runIdOf(end), 'report.html'), 'utf8');
    expect(page).toMatch(/<td>MigrateProducts<\/td>[^]*<td>Held<\/td>[^]*<td>RollBack<\/td>/);
  });

  it('is 5 for a roll back that could not remove everything', async () => {
    shop.aws.faults.add({ ...denied, operation: 'BatchWriteItem', table: 'products-enhanced' });
    shop.aws.faults.add({ ...denied, operation: 'DeleteTable' });
    const end = await command('migrate', ['--json']);
    expect(JSON.parse(end.stdout)).toMatchObject({ status: 'ROLLBACK_FAILED' });
    expect(end.code).toBe(5);
    shop.aws.faults.clear();
    expect((await command('rollback', [runIdOf(end)])).code).toBe(0);
  });
});

describe('npm run rollback', () => {
  it('names the confirmation that a run needs which succeeded, and takes it', async () => {
    const { runId } = await shop.migrate();
    const refused = await command('rollback', [runId]);
    expect(refused.stdout).toContain(`Run ${runId} succeeded, and its tables may be in use.`);
    expect(refused.stdout).toContain(`npm run rollback -- --stage local ${runId} --confirm ${runId}`);
    expect(refused.code).toBe(3);
    const { stdout, code } = await command('rollback', [runId, '--confirm', runId]);
    expect(stdout).toContain('▲ Rolled back. The run had succeeded');
    expect(stdout).not.toMatch(/Error +RolledBackByOperator/);
    expect(stdout).toMatch(/Attempts +.*: SUCCEEDED[^]*: ROLLED_BACK/);
    expect(stdout).not.toContain('BackupProducts');
    expect(code).toBe(0);
  });

  it('names the later run that relies on the run, and takes its id as confirmation', async () => {
    const { runId } = await shop.migrate();
    const later = await shop.migrate();
    const { stdout, code } = await command('rollback', [runId, '--confirm', runId]);
    expect(stdout).toContain(`run ${later.runId} succeeded since and relies on`);
    expect(stdout).toContain(`npm run rollback -- --stage local ${runId} --confirm ${later.runId}`);
    expect(code).toBe(3);
    expect((await command('rollback', [runId, '--confirm', later.runId])).code).toBe(0);
  });

  it('of a run that nobody knows, and of a dry run, is refused in a sentence', async () => {
    const unknown = await command('rollback', ['nobody', '--json']);
    expect(unknown.stdout).toContain('knows no run nobody');
    expect(JSON.parse(unknown.stdout)).toMatchObject({ runId: 'nobody', status: 'REFUSED' });
    expect(unknown.code).toBe(3);
    const { runId } = await shop.migrate({ dryRun: true });
    const planned = await command('rollback', [runId]);
    expect(planned.stdout).toContain(`Run ${runId} is a dry run: it has created no table`);
    expect(planned.stdout).toContain(`npm run report -- --stage local ${runId}\n`);
    expect(planned.code).toBe(3);
  });
});

describe('npm run rollback of a run that is being worked on', () => {
  it('is refused at once, with the commands that follow and stop the run, and so is following that roll back', async () => {
    const { runId, following } = await slowRun();
    const refused = await command('rollback', [runId]);
    expect(refused.stdout).toContain(`Run ${runId} is still being worked on by ${executionOf(runId)}`);
    expect(refused.stdout).toContain(`npm run follow -- --stage local ${runId}\n`);
    expect(refused.stdout).toContain('aws stepfunctions stop-execution');
    expect(refused.stdout).not.toMatch(/will be rolled back or held|continues without this command/);
    expect(refused.code).toBe(3);
    const [, rollBack = ''] = /Execution +\S+:(\S+)\n/.exec(refused.stdout) ?? [];
    const followed = await command('follow', [rollBack]);
    expect(followed.stdout).toContain('is still being worked on');
    expect(followed.code).toBe(3);
    await shop.sfn.send(new StopExecutionCommand({ executionArn: executionOf(runId) }));
    expect((await following).stdout).toContain('Rolled back.');
  });
});

describe('where the page of a run cannot be written', () => {
  it('summary, document and exit code are those of the run, and the page is a warning', async () => {
    const from = folderThatTakesNothing();
    const { code, stdout, stderr } = await command('migrate', ['--json', '--dry-run'], { from });
    expect(JSON.parse(stdout)).toMatchObject({ status: 'PLANNED' });
    expect(stderr.indexOf('Planned.')).toBeGreaterThan(0);
    expect(stderr.indexOf('Warning: The page of run')).toBeGreaterThan(stderr.indexOf('Planned.'));
    expect(stderr).toContain('Give --out <folder> to write it elsewhere.');
    expect(code).toBe(0);
  });

  it('--out names another folder, also for a page that is written again', async () => {
    const [from, out] = [folderThatTakesNothing(), mkdtempSync(join(tmpdir(), 'out-'))];
    const end = await command('migrate', ['--json', '--dry-run', '--out', out], { from });
    const page = join(out, runIdOf(end), 'report.html');
    expect(end.stderr).toContain(`Page  ${page}`);
    expect(existsSync(page)).toBe(true);
    const refused = await command('report', [runIdOf(end)], { from });
    expect(refused.stderr).toContain('--out <folder>');
    expect(refused.code).toBe(1);
    expect((await command('report', ['--out', out, runIdOf(end)], { from })).code).toBe(0);
  });
});

/** `.local` is a file there: that refuses root as well. */
function folderThatTakesNothing(): string {
  const folder = mkdtempSync(join(tmpdir(), 'read-only-'));
  writeFileSync(join(folder, '.local'), '');
  return folder;
}

describe('a connection that is cut while a run is followed', () => {
  const hold = () =>
    shop.aws.faults.add({
      functionName: 'products-migration-local-backupProducts',
      operation: 'Scan',
      kind: 'throttle',
    });

  it('and comes back is waited for: the end is told as ever', async () => {
    const line = await openLine(shop.aws.endpoint);
    const held = hold();
    let written = '';
    const onWritten = (soFar: string): void => void (written = soFar);
    const following = command('migrate', ['--dry-run'], { at: line.url, onWritten });
    await eventually(() => (held.struck > 0 ? true : undefined));
    line.cut();
    held.remove();
    await eventually(() => (written.includes('No answer.') ? true : undefined));
    await line.mend();
    const { code, stdout, stderr } = await following;
    expect(stderr).toContain('No answer. The run goes on; looking again ...');
    expect(stdout).toContain('Planned.');
    expect(code).toBe(0);
    line.cut();
  });

  it('and stays away ends with 7 and the command that follows the run, never with one that starts it again', async () => {
    const line = await openLine(shop.aws.endpoint);
    const held = hold();
    const following = command('migrate', ['--dry-run'], { at: line.url });
    await eventually(() => (held.struck > 0 ? true : undefined));
    line.cut();
    const { code, stdout, stderr } = await following;
    expect(stderr).toContain(`Nothing answers at ${line.url}`);
    expect(stdout).toMatch(
      /The run continues without this command.*\nFollow it again:\nnpm run follow -- --stage local migrate-\S+\n/,
    );
    expect(`${stdout}${stderr}`).not.toMatch(/run the command again|npm run local/);
    expect(code).toBe(7);
    held.remove();
    const [, runId = ''] = /npm run follow -- --stage local (\S+)/.exec(stdout) ?? [];
    expect((await command('follow', [runId])).code).toBe(0);
  });
});

describe('a start whose answer is lost', () => {
  it.each([
    ['migrate', ['--dry-run'], 'migrate'],
    ['plan', [], 'migrate'],
    ['restore', ['--backup', 'nobody'], 'restore'],
  ])(
    'ends %s with 7 and the command that looks, because a second start could be one too many',
    async (name, args, machine) => {
      shop.aws.faults.add({ operation: 'StartExecution', kind: 'answerLost' });
      const { code, stderr } = await command(name, args);
      expect(stderr).toContain(`Nothing answers at ${shop.aws.endpoint}`);
      const [, started = ''] =
        new RegExp(`Whether (${machine}-\\S+) has been started is not known`).exec(stderr) ?? [];
      expect(stderr).toContain(`npm run follow -- --stage local ${started}\n`);
      expect(stderr).not.toMatch(/run the command again|npm run local/);
      expect(code).toBe(7);
      shop.aws.faults.clear();
      expect((await command('follow', [started])).stdout).toContain(started);
    },
  );

  it('ends with 130 and the command that looks, when Ctrl-C comes before the answer', async () => {
    const held = shop.aws.faults.add({ operation: 'StartExecution', kind: 'held' });
    const interruptAt = eventually(() => Promise.resolve(held.struck > 0 || undefined));
    const { code, stderr } = await command('migrate', ['--dry-run'], { interruptAt });
    expect(code).toBe(130);
    const [, started = ''] =
      /^Whether (migrate-\S+) has been started is not known[^]*\nnpm run follow -- --stage local \1\n$/.exec(
        stderr,
      ) ?? [];
    held.release();
    await held.settled();
    shop.aws.faults.clear();
    expect((await command('follow', [started])).stdout).toContain('Planned.');
  });
});

describe('a plan whose dry run is not followed to its end', () => {
  const hold = () =>
    shop.aws.faults.add({
      functionName: 'products-migration-local-backupProducts',
      operation: 'Scan',
      kind: 'throttle',
    });
  const followLine =
    /The run continues without this command.*\nFollow it again:\nnpm run follow -- --stage local (migrate-\S+)\n/;
  const dryRunIn = ({ stdout }: CommandEnd): string => followLine.exec(stdout)?.[1] ?? 'no command';

  it('because the connection is lost ends with 7, the execution and the command that follows it', async () => {
    const line = await openLine(shop.aws.endpoint);
    const held = hold();
    const planning = command('plan', [], { at: line.url });
    await eventually(() => (held.struck > 0 ? true : undefined));
    line.cut();
    const end = await planning;
    expect(end.stderr).toContain(`Nothing answers at ${line.url}`);
    expect(end.stdout).toContain(`Execution  ${executionOf(dryRunIn(end))}\n`);
    expect(`${end.stdout}${end.stderr}`).not.toMatch(/run the command again|npm run local/);
    expect(end.code).toBe(7);
    held.remove();
    expect((await command('follow', [dryRunIn(end)])).stdout).toContain('Planned.');
  });

  it('because of Ctrl-C ends with 130 and says the same', async () => {
    const held = hold();
    const interrupted = eventually(() => (held.struck > 0 ? true : undefined));
    const end = await command('plan', [], { interruptAt: interrupted });
    expect(end.stdout).toContain(`Execution  ${executionOf(dryRunIn(end))}\n`);
    expect(end.code).toBe(130);
    held.remove();
    expect((await command('follow', [dryRunIn(end)])).stdout).toContain('Planned.');
  });
});

describe('pause, unpause and throttle', () => {
  it('stop a run where it is, say so wherever it is shown, and let it go on under another cap', async () => {
    const { runId, following } = await slowRun();
    const paused = await command('pause', [runId]);
    expect(paused.stdout).toContain(`npm run unpause -- --stage local ${runId}`);
    expect(paused.code).toBe(0);
    expect((await command('pause', [runId])).stderr).toMatch(
      /has been paused since \d{4}-.* by \S+\. Nothing was changed/,
    );
    expect((await command('runs', [])).stdout).toMatch(new RegExp(`${runId} .*RUNNING .*paused since`));
    expect((await command('throttle', [runId, '--write', '0', '--json'])).code).toBe(0);
    shop.aws.faults.add({
      operation: 'UpdateItem',
      table: 'products-migration-local-ledger',
      kind: 'answerLost',
    });
    const lost = await command('throttle', [runId, '--read', '0']);
    expect(lost.stderr).toContain(`Whether run ${runId} was changed is not known.`);
    expect(lost.stderr).toContain('npm run runs -- --stage local\n');
    expect(lost.code).toBe(7);
    shop.aws.faults.clear();
    const resumed = await command('unpause', [runId, '--json']);
    expect(JSON.parse(resumed.stdout)).toMatchObject({
      paused: null,
      caps: { readUnitsPerSecond: 0, writeUnitsPerSecond: 0 },
      controls: [{ action: 'pause' }, { action: 'throttle' }, { action: 'throttle' }, { action: 'unpause' }],
    });
    const { stdout, code } = await following;
    expect(stdout).toMatch(/paused since/);
    expect(stdout).toMatch(/Operator +\S+ \S+ UTC: paused, by [^]*no cap on writes, by [^]*pause ended, by/);
    expect(code).toBe(0);
    expect((await command('rollback', [runId, '--confirm', runId])).code).toBe(0);
  });

  it('leave a paused run that can be stopped, and is rolled back then', async () => {
    const { runId, following } = await slowRun();
    await command('pause', [runId]);
    await shop.sfn.send(new StopExecutionCommand({ executionArn: executionOf(runId) }));
    const { stdout, code } = await following;
    expect(stdout).toContain('Rolled back.');
    expect(code).toBe(1);
  });

  it('refuse a run that is not running, and one that nobody knows', async () => {
    const { runId } = await shop.migrate({ dryRun: true });
    const planned = await command('pause', [runId]);
    expect(planned.stderr).toContain(`Run ${runId} is PLANNED, and only a RUNNING run can be paused`);
    expect(planned.stderr).toContain(`\nnpm run report -- --stage local ${runId}\n`);
    expect(planned.code).toBe(3);
    expect((await command('unpause', ['nobody'])).stderr).toContain('knows no run nobody');
    expect((await command('throttle', [runId])).code).toBe(2);
    const huge = await command('throttle', [runId, '--write', '1e300']);
    expect(huge.stderr).toContain('Give 0.000001 to 1,000,000 units a second, or 0 for no cap.');
    expect(huge.code).toBe(2);
  });
});
