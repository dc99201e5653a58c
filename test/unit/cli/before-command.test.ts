import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/embedded.ts';

const { migrationProblem, problemWith } = createRequire(import.meta.url)(
  '../../../workflow/cli/before-command.cjs',
) as {
  problemWith: (version: string, machine: string) => string | undefined;
  migrationProblem: (root: string) => string | undefined;
};

const { scripts, engines } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly engines: { readonly node: string };
};

describe('a migration that is not there', () => {
  it('is named with the line of package.json that points to it', () => {
    const root = mkdtempSync(join(tmpdir(), 'project-'));
    writeFileSync(
      join(root, 'package.json'),
      '{"imports": {"#migration/*": "./functions/migrations/shopp/*"}}',
    );
    expect(migrationProblem(root)).toMatch(
      /"#migration\/\*": "\.\/functions\/migrations\/shopp\/\*", and there is no file \.\/functions\/migrations\/shopp\/index\.ts\. Correct that line/,
    );
    expect(migrationProblem('.')).toBeUndefined();
  });
});

describe('a Node that is too old', () => {
  it('is told apart from one that reads TypeScript', () => {
    expect(engines.node).toBe('>=22.18');
    expect(['22.18.0', '22.19.1', '24.0.0', '26.1.0'].map((version) => problemWith(version, 'x'))).toEqual(
      Array.from({ length: 4 }),
    );
    for (const version of ['18.20.0', '20.20.2', '22.17.9'])
      expect(problemWith(version, 'darwin-arm64')).toMatch(
        new RegExp(`this is Node ${version}\\. There is no packaged Node for darwin-arm64.*npm ci`),
      );
  });

  it('is refused by every command, in a sentence', () => {
    const unchecked = Object.entries(scripts).filter(
      ([name, script]) =>
        /\bnode (?!-r \.\/workflow\/cli\/before-command\.cjs )/.test(script) && name !== 'docs',
    );
    expect(unchecked).toEqual([]);
  });

  it('is the only thing that a command asks of the shell: cmd.exe knows neither exec nor variables in braces', () => {
    const commands = Object.entries(scripts).filter(([name]) => !name.startsWith('test:'));
    expect(commands.filter(([, script]) => /\bexec\b|\$\{|^[A-Z_]+=/.test(script))).toEqual([]);
  });
});

describe('a command under npm', () => {
  it('ends with the shell that npm runs it in, which a signal may end alone', async () => {
    const preload = resolve('workflow/cli/before-command.cjs');
    const patient = `process.on('SIGTERM', () => process.exit()); setInterval(() => {}, 1e6); console.log(process.pid)`;
    const command = `"${process.execPath}" -r "${preload}" -e "${patient}" & wait`;
    const env = { ...process.env, npm_lifecycle_event: 'local' };
    const shell = spawn('sh', ['-c', command], { env, stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = (await once(shell.stdout, 'data')) as [Buffer];
    shell.kill('SIGKILL');
    const isAlive = () => {
      try {
        return process.kill(Number(line.toString()), 0);
      } catch {
        return false;
      }
    };
    expect(await eventually(() => (isAlive() ? undefined : 'ended'))).toBe('ended');
  });
});
