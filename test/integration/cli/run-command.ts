import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

/** How a command ended and what it wrote. */
export interface CommandEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** The checkout whose command it is; this one by default. */
  readonly project?: string;
  /** Sends SIGINT once this has been written to standard output or standard error. */
  readonly interruptAt?: string;
}

const checkout = resolve(import.meta.dirname, '../../..');
const scriptOf = (name: string, project = checkout): string => resolve(project, `workflow/cli/${name}.ts`);

/** Runs a command in a pseudo-terminal of 100 columns, which script(1) makes; `stdout` is what the screen got. */
export function recordCommand(
  name: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandEnd> {
  const words = [process.execPath, scriptOf(name, options.project), ...args].map((word) => `'${word}'`);
  const line = `stty cols 100 rows 30; ${words.join(' ')}`;
  return run(['script', '-qec', line, '/dev/null'], {
    ...options,
    environment: { TERM: 'xterm', ...options.environment },
  });
}

/** Runs a command of workflow/cli with nothing of this process's AWS settings. */
export function runCommand(
  name: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandEnd> {
  return run([process.execPath, scriptOf(name, options.project), ...args], options);
}

/** Runs the checkout's own `sls`. */
export function runServerless(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<CommandEnd> {
  const program = createRequire(import.meta.url).resolve('serverless/bin/serverless');
  const quiet = { SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off' };
  const credentials = { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' };
  return run([process.execPath, program, ...args], {
    cwd: checkout,
    environment: { ...quiet, ...credentials, ...environment },
  });
}

function run([file = '', ...args]: readonly string[], options: CommandOptions): Promise<CommandEnd> {
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'], HOME: options.cwd, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written = { stdout: '', stderr: '' };
  let interrupted = false;
  const collect = (stream: 'stdout' | 'stderr') => (chunk: Buffer) => {
    written[stream] += chunk.toString();
    const isDue = options.interruptAt !== undefined && written[stream].includes(options.interruptAt);
    if (!isDue || interrupted) return;
    interrupted = true;
    child.kill('SIGINT');
  };
  child.stdout.on('data', collect('stdout'));
  child.stderr.on('data', collect('stderr'));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...written })));
}
