import type { FunctionSpec } from '../deploy/read-deployment.ts';
import type { FunctionWorker } from './function-worker.ts';

/** Hands out workers, warm ones where there are any, and never more than a number of them. */
export interface WorkerScheduler {
  /** A worker that has the function loaded, as soon as there may be one. @throws Error after `close` */
  acquire(spec: FunctionSpec): Promise<FunctionWorker>;
  /** Takes a worker back after its call. */
  release(worker: FunctionWorker): void;
  /** Every worker that lives, idle or not. */
  readonly workers: ReadonlySet<FunctionWorker>;
  /** Refuses everybody who waits, and whoever asks from now on. */
  close(): void;
}

interface Waiting {
  readonly spec: FunctionSpec;
  readonly resolve: (worker: FunctionWorker) => void;
  readonly reject: (error: Error) => void;
}

/** First come, first served: no function can keep another one from its turn. */
export function createWorkerScheduler(
  start: (spec: FunctionSpec) => FunctionWorker,
  maxWorkers: number,
): WorkerScheduler {
  const workers = new Set<FunctionWorker>();
  const idle: FunctionWorker[] = [];
  const waiting: Waiting[] = [];
  let closed = false;

  function startNew(spec: FunctionSpec): FunctionWorker {
    const worker = start(spec);
    workers.add(worker);
    return worker;
  }

  function retire(worker: FunctionWorker): void {
    workers.delete(worker);
    if (!worker.dead) void worker.terminate();
  }

  /** A live idle worker of the function; those that died while idle are forgotten on the way. */
  function takeWarm(functionName: string): FunctionWorker | undefined {
    for (const worker of idle.filter(({ dead }) => dead)) {
      idle.splice(idle.indexOf(worker), 1);
      workers.delete(worker);
    }
    const index = idle.findLastIndex((worker) => worker.functionName === functionName);
    return index === -1 ? undefined : idle.splice(index, 1)[0];
  }

  return {
    workers,
    async acquire(spec) {
      if (closed) throw new Error('The embedded AWS is stopping.');
      const warm = takeWarm(spec.name);
      if (warm !== undefined) return warm;
      const longestIdle = workers.size >= maxWorkers ? idle.shift() : undefined;
      if (longestIdle !== undefined) retire(longestIdle);
      if (workers.size < maxWorkers) return startNew(spec);
      return new Promise((resolve, reject) => waiting.push({ spec, resolve, reject }));
    },
    release(worker) {
      const next = waiting.shift();
      if (next === undefined) {
        if (worker.dead || closed) retire(worker);
        else idle.push(worker);
        return;
      }
      if (!worker.dead && worker.functionName === next.spec.name) return next.resolve(worker);
      retire(worker);
      next.resolve(startNew(next.spec));
    },
    close() {
      closed = true;
      for (const { reject } of waiting.splice(0)) reject(new Error('The embedded AWS is stopping.'));
    },
  };
}
