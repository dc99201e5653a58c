import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';
import { parentPort, workerData } from 'node:worker_threads';
import type { FunctionError, InvokeMessage, WorkerMessage, WorkerSetup } from './worker-messages.ts';

/**
 * Runs inside a worker thread: loads one packaged function and answers calls, one at a time, as Lambda's runtime does.
 * Everything that ends a Lambda process is reported by name before the worker goes.
 */

type Handler = (event: unknown, context: object) => unknown;

const port = parentPort;
if (port === null) throw new Error('lambda-worker.ts runs in a worker thread only.');
const post = (message: WorkerMessage): void => port.postMessage(message);

process.on('unhandledRejection', (reason) => {
  post({ kind: 'crash', error: { ...describe(reason), errorType: 'Runtime.UnhandledPromiseRejection' } });
  process.exit(128);
});
process.on('uncaughtException', (error) => {
  post({ kind: 'crash', error: describe(error) });
  process.exit(129);
});

let requestId = '';
for (const level of ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const) {
  const name = level === 'log' ? 'INFO' : level.toUpperCase();
  const stream = level === 'error' || level === 'warn' ? process.stderr : process.stdout;
  console[level] = (...values: unknown[]) => void stream.write(logLine(name, values));
}

/** The form in which Lambda's runtime logs what goes through `console`: one line, whatever was logged. */
function logLine(level: string, values: readonly unknown[]): string {
  const text = format(...values).replaceAll('\n', '\r');
  return `${new Date().toISOString()}\t${requestId}\t${level}\t${text}\n`;
}

const loading = load(workerData as WorkerSetup);
void loading.then(() => post({ kind: 'loaded' }));
port.on('message', (message: InvokeMessage) => void invoke(message));

async function load({ modulePath, exportName }: WorkerSetup): Promise<Handler | FunctionError> {
  try {
    // As Lambda does: an import would read a whole CommonJS bundle for the names that it exports.
    const loaded: unknown = modulePath.endsWith('.cjs')
      ? createRequire(import.meta.url)(modulePath)
      : await import(pathToFileURL(modulePath).href);
    const module = loaded as Record<string, unknown> & { default?: Record<string, unknown> };
    const handler = module[exportName] ?? module.default?.[exportName];
    if (typeof handler === 'function') return handler as Handler;
    return {
      errorType: 'Runtime.HandlerNotFound',
      errorMessage: `${exportName} is undefined or not exported`,
    };
  } catch (error) {
    return describe(error);
  }
}

async function invoke(message: InvokeMessage): Promise<void> {
  const handler = await loading;
  requestId = message.requestId;
  post({ kind: 'started' });
  if (typeof handler !== 'function') {
    post({ kind: 'crash', error: handler });
    return;
  }
  const answer = await call(handler, message);
  await outputRead();
  post(answer);
}

async function call(handler: Handler, message: InvokeMessage): Promise<WorkerMessage> {
  try {
    const result = await handler(JSON.parse(message.payload), contextOf(message));
    return { kind: 'result', payload: JSON.stringify(result) ?? 'null' };
  } catch (error) {
    return { kind: 'error', error: describe(error) };
  }
}

/** Settles when the parent has what this call wrote: it belongs into this call's log, and not into the next one's. */
async function outputRead(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writableLength > 0) await new Promise((resolve) => stream.write('', resolve));
  }
}

function contextOf(message: InvokeMessage): object {
  const deadline = Date.now() + message.limitMillis;
  return {
    functionName: message.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: message.functionArn,
    memoryLimitInMB: String(message.memoryMegabytes),
    awsRequestId: message.requestId,
    logGroupName: `/aws/lambda/${message.functionName}`,
    logStreamName: process.env['AWS_LAMBDA_LOG_STREAM_NAME'],
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

function describe(error: unknown): FunctionError {
  if (error instanceof Error) {
    return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}
