import { subscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { HostAnswer, HostRequest, Spent } from './messages.ts';

/**
 * A process of its own for one function, as Lambda gives it one: loads the packaged module and answers
 * calls one at a time, with what each has cost.
 */

type Handler = (event: unknown, context: object) => Promise<unknown>;

const limitMillis = 900_000;
let handler: Handler | undefined;
let invokedFunctionArn: string | undefined;
let requests = 0;
subscribe('http.client.request.start', () => {
  requests += 1;
});

const answer = (message: HostAnswer): void => void process.send?.(message);

async function load({
  modulePath,
  exportName,
  functionArn,
}: Extract<HostRequest, { kind: 'load' }>): Promise<void> {
  invokedFunctionArn = functionArn;
  const startedAt = performance.now();
  const before = process.cpuUsage();
  const module = (await import(pathToFileURL(modulePath).href)) as Record<string, unknown> & {
    default?: Record<string, unknown>;
  };
  handler = (module[exportName] ?? module.default?.[exportName]) as Handler;
  const { user, system } = process.cpuUsage(before);
  answer({ kind: 'loaded', millis: performance.now() - startedAt, cpuMillis: (user + system) / 1_000 });
}

async function call({ payload }: Extract<HostRequest, { kind: 'call' }>): Promise<void> {
  if (handler === undefined) throw new Error('Nothing is loaded.');
  const startedAt = Date.now();
  const before = process.cpuUsage();
  const requestsBefore = requests;
  const context = {
    invokedFunctionArn,
    awsRequestId: crypto.randomUUID(),
    getRemainingTimeInMillis: () => limitMillis - (Date.now() - startedAt),
  };
  const result = await profiled(handler(payload, context));
  const { user, system } = process.cpuUsage(before);
  const peakMegabytes = process.resourceUsage().maxRSS / 1_024;
  const spent: Spent = { cpuMicros: user + system, requests: requests - requestsBefore, peakMegabytes };
  answer({ kind: 'done', result, spent });
}

/** Writes a profile of the call where the environment names a folder for it; opens in any browser's tools. */
async function profiled<T>(work: Promise<T>): Promise<T> {
  const folder = process.env['BENCH_PROFILES'];
  if (folder === undefined) return work;
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  const result = await work;
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  const name = process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? 'by-hand-or-ceiling';
  writeFileSync(join(folder, `${name}-${process.pid}-${Date.now()}.cpuprofile`), JSON.stringify(profile));
  return result;
}

process.on('message', (request: HostRequest) => {
  const work = request.kind === 'load' ? load(request) : call(request);
  work.catch((error: unknown) => {
    answer({
      kind: 'failed',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  });
});
