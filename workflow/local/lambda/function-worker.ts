import { Worker } from 'node:worker_threads';
import type { FunctionCode } from '../deploy/extract-code.ts';
import type { FunctionSpec } from '../deploy/read-deployment.ts';
import { functionEnvironment } from './function-environment.ts';
import type { FunctionError, InvokeMessage, WorkerMessage, WorkerSetup } from './worker-messages.ts';

/** What a call came to: JSON either way. */
export type InvocationResult =
  | { readonly payload: string; readonly error: undefined }
  | { readonly payload: string; readonly error: FunctionError };

/** One call to a worker. */
export interface Invocation {
  readonly requestId: string;
  /** JSON. */
  readonly payload: string;
  readonly timeoutSeconds: number;
}

/** One worker thread with one function loaded. It runs one call at a time, and is of no more use once it is `dead`. */
export interface FunctionWorker {
  readonly number: number;
  readonly functionName: string;
  readonly parts: WorkerParts;
  readonly dead: boolean;
  /** Resolves once its code is loaded, or the thread has ended. */
  readonly loaded: Promise<void>;
  /** Takes what the thread writes; another one may take over between two calls. */
  onOutput: (text: string) => void;
  /** Never rejects: whatever ends the worker is an error result. */
  invoke(invocation: Invocation): Promise<InvocationResult>;
  /** Ends the thread at once; a call that runs ends as `Runtime.ExitError`. */
  terminate(): Promise<void>;
}

/** What a worker is made of. */
export interface WorkerParts {
  readonly spec: FunctionSpec;
  readonly code: FunctionCode;
  readonly endpoint: string;
}

/** Idle workers that outlive the runner they were started for. */
export interface WarmWorkers {
  /** One that was made of exactly these parts, if there is one; it is the caller's from then on. */
  take(parts: WorkerParts): FunctionWorker | undefined;
  keep(worker: FunctionWorker): void;
}

/** Lambda's own limit for loading a function's code. */
const INIT_SECONDS = 10;
const MODULE = new URL('./lambda-worker.ts', import.meta.url);

/** Counted over all runners of the process: a worker that was kept warm shares its number with no new one. */
let startedCount = 0;

/** Starts the thread; it loads the code while the first call is on its way. */
export function startFunctionWorker(parts: WorkerParts): FunctionWorker {
  const { spec } = parts;
  const number = (startedCount += 1);
  const setup: WorkerSetup = parts.code;
  const thread = new Worker(MODULE, {
    workerData: setup,
    // Node's own variable, which halves what a new thread costs: neither is TypeScript stripped again nor the code compiled.
    env: {
      ...functionEnvironment(spec, number, parts.endpoint),
      NODE_COMPILE_CACHE: parts.code.compiledPath,
    },
    execArgv: ['--disable-warning=ExperimentalWarning'],
    resourceLimits: { maxOldGenerationSizeMb: spec.memoryMegabytes },
    stdout: true,
    stderr: true,
  });
  for (const stream of [thread.stdout, thread.stderr])
    stream.on('data', (chunk: Buffer) => worker.onOutput(chunk.toString()));
  thread.on('error', () => undefined);
  thread.unref();
  let dead = false;
  // Nothing else comes before it.
  const loaded = new Promise<void>(
    (resolve) => void thread.once('message', resolve).once('exit', () => resolve()),
  );
  thread.once('exit', () => (dead = true));
  const worker: FunctionWorker = {
    number,
    functionName: spec.name,
    parts,
    loaded,
    onOutput: () => undefined,
    get dead() {
      return dead;
    },
    async invoke(invocation) {
      if (dead) return failed(exitOf(invocation, 1));
      thread.ref();
      const result = await run(thread, spec, invocation);
      thread.unref();
      if (result.fatal) {
        dead = true;
        await thread.terminate();
      }
      return result.error === undefined
        ? { payload: result.payload, error: undefined }
        : failed(result.error);
    },
    async terminate() {
      dead = true;
      await thread.terminate();
    },
  };
  return worker;
}

function failed(error: FunctionError): InvocationResult {
  return { payload: JSON.stringify(error), error };
}

type Ending =
  | { readonly fatal: false; readonly payload: string; readonly error?: never }
  | { readonly fatal: boolean; readonly error: FunctionError };

/** Settles on whichever comes first: an answer, the time limit, or the end of the thread. */
function run(thread: Worker, spec: FunctionSpec, invocation: Invocation): Promise<Ending> {
  return new Promise((resolve) => {
    const limit = (seconds: number) =>
      setTimeout(() => settle(timedOut(invocation, seconds)), seconds * 1000);
    const settle = (ending: Ending) => {
      clearTimeout(timer);
      thread.off('message', onMessage).off('error', onError).off('exit', onExit);
      resolve(ending);
    };
    const onMessage = (message: WorkerMessage) => {
      if (message.kind === 'loaded') return;
      if (message.kind !== 'started') return settle(endingOf(message));
      clearTimeout(timer);
      timer = limit(invocation.timeoutSeconds);
    };
    const onError = (error: Error) => settle({ fatal: true, error: crashOf(invocation, error) });
    const onExit = (code: number) => settle({ fatal: true, error: exitOf(invocation, code) });
    let timer = limit(INIT_SECONDS);
    thread.on('message', onMessage).on('error', onError).on('exit', onExit);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    thread.postMessage(messageOf(spec, invocation));
  });
}

function messageOf(spec: FunctionSpec, { requestId, payload, timeoutSeconds }: Invocation): InvokeMessage {
  return {
    requestId,
    payload,
    limitMillis: Math.round(timeoutSeconds * 1000),
    functionName: spec.name,
    functionArn: spec.arn,
    memoryMegabytes: spec.memoryMegabytes,
  };
}

function endingOf(message: Exclude<WorkerMessage, { kind: 'loaded' | 'started' }>): Ending {
  if (message.kind === 'result') return { fatal: false, payload: message.payload };
  return { fatal: message.kind === 'crash', error: message.error };
}

function timedOut({ requestId }: Invocation, seconds: number): Ending {
  const errorMessage = `RequestId: ${requestId} Error: Task timed out after ${seconds.toFixed(2)} seconds`;
  return { fatal: true, error: { errorType: 'Sandbox.Timedout', errorMessage } };
}

function crashOf({ requestId }: Invocation, error: Error): FunctionError {
  if ('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    const errorMessage = `RequestId: ${requestId} Error: Runtime exited with error: signal: killed`;
    return { errorType: 'Runtime.OutOfMemory', errorMessage };
  }
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}

function exitOf({ requestId }: Invocation, code: number): FunctionError {
  const reason = code === 0 ? 'exited without providing a reason' : `exited with error: exit status ${code}`;
  return { errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${requestId} Error: Runtime ${reason}` };
}
