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
  /** Sends the signals once this has been written to standard output or standard error, or has happened. */
  readonly interruptAt?: string | Promise<unknown>;
  /** SIGINT by default. Two of the same kind may arrive as one. */
  readonly signals?: readonly NodeJS.Signals[];
  /** Sends them to the engines as well, as a terminal does. */
  readonly toGroup?: boolean;
  /** Told everything that was written so far, each time that something is. */
  readonly onWritten?: (soFar: string) => void;
}

const checkout = resolve(import.meta.dirname, '../../..');
/** Where `npm run` keeps the commands compiled (`before-command.cjs`). */
const COMPILED = resolve(checkout, '.local/compiled');
const scriptOf = (name: string, project = checkout): string => resolve(project, `workflow/cli/${name}.ts`);

/** How a command in a terminal ended, and what it wrote there. */
export interface Recording extends CommandEnd {
  readonly columns: number;
  readonly writes: readonly Write[];
}

/** Seconds since the command was started, and what it then wrote. */
export type Write = readonly [seconds: number, text: string];

/** The terminal that a command runs in. */
export interface RecordOptions extends CommandOptions {
  /** 100 by default. */
  readonly columns?: number;
}

const PRETEND_TERMINAL = resolve(import.meta.dirname, '../../support/pretend-terminal.ts');

/** Runs a command in what it takes for a terminal; `stdout` and `stderr` have their parts of it. */
export async function recordCommand(
  name: string,
  args: readonly string[],
  { columns = 100, ...options }: RecordOptions = {},
): Promise<Recording> {
  const startedAt = performance.now();
  const writes: Write[] = [];
  const onOutput = (text: string): void => void writes.push([(performance.now() - startedAt) / 1000, text]);
  const environment = { TERM: 'xterm-256color', COLUMNS: String(columns), ...options.environment };
  const line = [process.execPath, '--import', PRETEND_TERMINAL, scriptOf(name, options.project), ...args];
  const end = await run(line, { ...options, environment }, onOutput);
  return { ...end, columns, writes };
}

/** Runs a command of workflow/cli with nothing of this process's AWS settings. */
export function runCommand(
  name: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandEnd> {
  return run([process.execPath, scriptOf(name, options.project), ...args], options);
}

/** Runs a command whose output goes to `head`, which ends after a line; `code` is on standard error. */
export function pipeCommand(
  name: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandEnd> {
  const pipeline = '{ "$0" "$@"; echo "ended with $?" >&2; } | head -n 1';
  const line = ['sh', '-c', pipeline, process.execPath, scriptOf(name, options.project), ...args];
  return run(line, options);
}

/** Runs a command whose output goes to a file on a full disk, which only Linux has for tests. */
export function runOnFullDisk(
  name: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandEnd> {
  const line = ['sh', '-c', '"$0" "$@" > /dev/full', process.execPath, scriptOf(name), ...args];
  return run(line, options);
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

function run(
  [file = '', ...args]: readonly string[],
  options: CommandOptions,
  onOutput?: (text: string) => void,
): Promise<CommandEnd> {
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: {
      PATH: process.env['PATH'],
      HOME: options.cwd,
      NODE_COMPILE_CACHE: COMPILED,
      ...options.environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: options.toGroup === true,
  });
  const send = (signal: NodeJS.Signals): boolean =>
    options.toGroup === true ? process.kill(-(child.pid ?? 0), signal) : child.kill(signal);
  const written = { stdout: '', stderr: '' };
  let soFar = '';
  const { interruptAt, signals = ['SIGINT'] } = options;
  const due = Promise.withResolvers<unknown>();
  if (interruptAt instanceof Promise) due.resolve(interruptAt);
  void due.promise.then(() => signals.forEach(send));
  const collect = (stream: 'stdout' | 'stderr') => (text: string) => {
    written[stream] += text;
    onOutput?.(text);
    options.onWritten?.((soFar += text));
    if (typeof interruptAt === 'string' && written[stream].includes(interruptAt)) due.resolve(undefined);
  };
  child.stdout.setEncoding('utf8').on('data', collect('stdout'));
  child.stderr.setEncoding('utf8').on('data', collect('stderr'));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...written })));
}
