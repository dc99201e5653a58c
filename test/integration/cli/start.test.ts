import { execFileSync } from 'node:child_process';
import { mkdtemp, open, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../../functions/shared/runs/report.ts';
import { pipeCommand, runCommand } from './run-command.ts';

const cwd = process.cwd();

describe('npm start', () => {
  it('migrates a shop and prints one JSON document', async () => {
    const { code, stdout, stderr } = await runCommand('start', ['--products', '30', '--json'], { cwd });
    const report = JSON.parse(stdout) as Report;
    expect(report).toMatchObject({ status: 'SUCCEEDED', migrated: { products: 30 }, failure: null });
    expect(stderr).toContain('30 products migrated as');
    expect(code).toBe(0);
  });

  it('breaks while it writes, and rolls everything back, also where it cannot write a log or a page', async () => {
    const args = ['--products', '60', '--break', 'migrate', '--json', '--out', '/dev/null/runs'];
    const { code, stdout, stderr } = await runCommand('start', args, { cwd });
    const report = JSON.parse(stdout) as Report;
    expect(report).toMatchObject({ status: 'ROLLED_BACK', failure: { error: 'PermissionDeniedError' } });
    expect(report.tables.map(({ outcome }) => outcome)).toEqual(['DELETED', 'DELETED', 'DELETED', 'DELETED']);
    const next = [
      'Fix the reported cause. This command keeps nothing up. For tables that stay, in another terminal:',
      'npm run local -- --products 60',
      'Then migrate it:',
      'npm run migrate -- --stage local',
      'In the console, start migrate with {}',
    ];
    expect(report.nextStep?.split('\n')).toEqual(next);
    expect(report.failure?.nextStep).toBe(report.nextStep);
    expect(stderr).toMatch(
      /Warning: there is no log of the functions[^]*Rolled back\.[^]*Warning: The page of run/,
    );
    expect(code).toBe(1);
  });

  it('ends with 1 where it was to break and did not, and says why', async () => {
    const { code, stdout, stderr } = await runCommand('start', ['--products', '2', '--break', 'migrate'], {
      cwd,
    });
    expect(stdout).toContain('Succeeded');
    expect(stderr).toContain(
      'Nothing broke. The first 3 batches are let through, and the run needed no more.',
    );
    expect(code).toBe(1);
  });

  it('stops everything on Ctrl-C', async () => {
    const options = { cwd, interruptAt: 'TestConnection' };
    const { code, stdout } = await runCommand('start', ['--products', '500'], options);
    expect(code).toBe(130);
    expect(stdout).not.toContain('Succeeded');
  });

  it('says nothing of the engine that Ctrl-C has ended as well', async () => {
    const input = join(await mkdtemp(join(tmpdir(), 'input-')), 'products.jsonl');
    execFileSync('mkfifo', [input]);
    // Opens once the command reads it, which is when it fills the engine.
    const opened = open(input, 'w');
    const ended = Promise.withResolvers<void>();
    const onWritten = (soFar: string): void => void (soFar.includes('Stopping ...') && ended.resolve());
    const options = { cwd, interruptAt: opened, toGroup: true, onWritten };
    const command = runCommand('start', ['--input', input], options);
    await ended.promise;
    const file = await opened;
    await file.writeFile('{"id": "a", "name": "A"}\n'.repeat(100));
    await file.close();
    const { code, stderr } = await command;
    expect(stderr).toBe('Stopping ...\n');
    expect(code).toBe(130);
  });

  it('stops everything in order when the reader of its output has gone', async () => {
    const { stdout, stderr } = await pipeCommand('start', ['--products', '20'], { cwd });
    expect(stdout).toMatch(/^Packaging .*\n$/);
    expect(stderr).toBe('Stopping ...\nended with 130\n');
  });

  it('says what to paste when no engine runs on the machine', async () => {
    const otherMachine = `Object.defineProperty(process, 'arch', { value: 'riscv64' })`;
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(otherMachine)}`;
    const { code, stderr } = await runCommand('start', [], {
      cwd,
      environment: { NODE_OPTIONS, PATH: '/nowhere' },
    });
    const lines = stderr.split('\n').map((line) => line.trim());
    expect(lines[0]).toMatch(/no DynamoDB engine for \w+-riscv64/);
    const docker = lines.findIndex((line) => line.startsWith('docker run'));
    expect(lines.slice(docker, docker + 2)).toEqual([
      'docker run --rm -p 8000:8000 amazon/dynamodb-local -jar DynamoDBLocal.jar -inMemory -sharedDb',
      'npm start -- --dynamodb localhost:8000',
    ]);
    expect(stderr).toMatch(
      /^ *java -Djava.library.path=\S+ -jar DynamoDBLocal.jar -inMemory -sharedDb -port 8000$/m,
    );
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect(code).toBe(1);
  });

  it.each([
    ['nonsense', 'is no URL'],
    ['https://dynamodb.us-east-1.amazonaws.com', 'is AWS itself'],
  ])('refuses %s as an engine, which was typed wrongly', async (url, said) => {
    const { code, stderr } = await runCommand('start', ['--dynamodb', url], { cwd });
    expect(stderr).toContain(said);
    expect(code).toBe(2);
  });

  it('says in a sentence what it cannot read', async () => {
    const out = await mkdtemp(join(tmpdir(), 'runs-'));
    const typed = ['--input', '/nowhere/products.json', '--out', out];
    const { code, stderr } = await runCommand('start', typed, { cwd });
    // A run that never started leaves no folder.
    expect(await readdir(out)).toEqual([]);
    expect(stderr).toContain('/nowhere/products.json');
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect(code).toBe(2);
  });
});
