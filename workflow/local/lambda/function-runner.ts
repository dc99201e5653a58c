import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { FunctionCode } from '../deploy/extract-code.ts';
import type { FunctionSpec } from '../deploy/read-deployment.ts';
import {
  startFunctionWorker,
  type FunctionWorker,
  type InvocationResult,
  type WarmWorkers,
} from './function-worker.ts';
import { createWorkerScheduler } from './worker-scheduler.ts';

/** Runs the deployed functions. */
export interface FunctionRunner {
  /** Calls that run at once: the quota of this account. */
  readonly concurrency: number;
  /** Never rejects for what the function does: that is an error result. */
  invoke(spec: FunctionSpec, payload: string): Promise<CompletedInvocation>;
  /** Loads functions before their first calls, one worker after the other, as provisioned concurrency does. */
  preload(functions: readonly PreloadedFunction[]): Promise<void>;
  /** Ends the worker of this number at once. */
  killWorker(number: number): Promise<void>;
  /** Ends every worker of a function at once, and says how many there were. */
  killWorkers(functionName: string): Promise<number>;
  /** Refuses new calls and ends every worker, but the idle ones that {@link RunnerOptions.warm} keeps. */
  stop(): Promise<void>;
}

/** A function that is loaded before it is called, and by how many workers. */
export interface PreloadedFunction {
  readonly spec: FunctionSpec;
  readonly workers: number;
}

/** A call that has come to its end. */
export type CompletedInvocation = InvocationResult & {
  readonly requestId: string;
  /** What the function wrote, between the lines that Lambda puts around it. */
  readonly log: string;
};

/** What a {@link FunctionRunner} needs to know. */
export interface RunnerOptions {
  readonly codes: ReadonlyMap<string, FunctionCode>;
  /** URL that the functions call AWS at; asked for when a worker starts. */
  readonly endpoint: () => string;
  readonly onLog: (functionName: string, text: string) => void;
  /** Time limits that differ from the template's, by function key. */
  readonly timeoutSeconds: Readonly<Record<string, number>>;
  /** Calls at once; default {@link defaultConcurrency}. */
  readonly maxWorkers: number | undefined;
  /** Warm ones that wait for the next call. */
  readonly maxIdleWorkers: number | undefined;
  /** Where idle workers of an earlier runner are taken from, and left for the next one. */
  readonly warm: WarmWorkers | undefined;
}

/**
 * A warm worker is about 33 MB, and saves the 0.2 s that loading a function takes. One for each function: with
 * fewer, a second run would find none of them, because the one that was idle longest goes first.
 */
const MAX_IDLE = 20;

/**
 * Beyond one a core they only slow one another. Five more, because the planner leaves so many of a quota to others: a
 * Map that had every place would keep a second run, or a look at the first one, waiting.
 */
const defaultConcurrency = (): number => Math.max(2, availableParallelism()) + 5;

/** Keeps warm workers per function; calls beyond `maxWorkers` wait their turn, and their time limit waits with them. */
export function createFunctionRunner(options: RunnerOptions): FunctionRunner {
  const busy = options.maxWorkers ?? defaultConcurrency();
  const outputs = new Map<number, string[]>();
  const start = (spec: FunctionSpec): FunctionWorker => {
    const code = options.codes.get(spec.name);
    if (code === undefined) throw new Error(`There is no code for ${spec.name}.`);
    const parts = { spec, code, endpoint: options.endpoint() };
    const worker = options.warm?.take(parts) ?? startFunctionWorker(parts);
    worker.onOutput = (text) => {
      outputs.get(worker.number)?.push(text);
      options.onLog(spec.name, text);
    };
    return worker;
  };
  const scheduler = createWorkerScheduler(start, { busy, idle: options.maxIdleWorkers ?? MAX_IDLE });
  return {
    concurrency: busy,
    async invoke(spec, payload) {
      const worker = await scheduler.acquire(spec);
      const requestId = randomUUID();
      const output: string[] = [];
      outputs.set(worker.number, output);
      const startedAt = performance.now();
      const timeoutSeconds = options.timeoutSeconds[spec.key] ?? spec.timeoutSeconds;
      const result = await worker.invoke({ requestId, payload, timeoutSeconds });
      const millis = performance.now() - startedAt;
      // What the worker has written arrives on a stream of its own, a turn of the event loop later.
      await new Promise(setImmediate);
      outputs.delete(worker.number);
      scheduler.release(worker);
      return { ...result, requestId, log: logOf(requestId, output.join(''), millis, spec) };
    },
    async preload(functions) {
      for (const { spec, workers } of functions)
        for (let worker = 1; worker <= workers; worker += 1) await scheduler.prepare(spec, workers)?.loaded;
    },
    async killWorker(number) {
      await [...scheduler.workers].find((worker) => worker.number === number)?.terminate();
    },
    async killWorkers(functionName) {
      const found = [...scheduler.workers].filter((worker) => worker.functionName === functionName);
      await Promise.all(found.map((worker) => worker.terminate()));
      return found.length;
    },
    async stop() {
      const idle = scheduler.close();
      const kept = options.warm === undefined ? [] : idle;
      for (const worker of kept) options.warm?.keep(worker);
      const ending = [...scheduler.workers].filter((worker) => !kept.includes(worker));
      await Promise.all(ending.map((worker) => worker.terminate()));
    },
  };
}

function logOf(requestId: string, output: string, millis: number, spec: FunctionSpec): string {
  const newline = output === '' || output.endsWith('\n') ? '' : '\n';
  return (
    `START RequestId: ${requestId} Version: $LATEST\n${output}${newline}END RequestId: ${requestId}\n` +
    `REPORT RequestId: ${requestId}\tDuration: ${millis.toFixed(2)} ms\tBilled Duration: ${Math.ceil(millis)} ms\t` +
    `Memory Size: ${spec.memoryMegabytes} MB\n`
  );
}
