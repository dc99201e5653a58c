import type { FunctionSpec } from '../deploy/read-deployment.ts';
import type { FunctionWorker } from './function-worker.ts';

/** Hands out workers, warm ones where there are any, and never more than a number of them. */
export interface WorkerScheduler {
  /** A worker that has the function loaded, as soon as there may be one. @throws Error after `close` */
  acquire(spec: FunctionSpec): Promise<FunctionWorker>;
  /** Starts an idle worker of a function, unless there are `count` of them. Nothing after `close`. */
  prepare(spec: FunctionSpec, count: number): FunctionWorker | undefined;
  /** Takes a worker back after its call. */
  release(worker: FunctionWorker): void;
  /** Every worker that lives, idle or not. */
  readonly workers: ReadonlySet<FunctionWorker>;
  /** Refuses all waiting and all later requests. @returns the workers that are idle */
  close(): readonly FunctionWorker[];
}

interface Waiting {
  readonly spec: FunctionSpec;
  readonly resolve: (worker: FunctionWorker) => void;
  readonly reject: (error: Error) => void;
}

/** How many workers there may be. */
export interface WorkerLimits {
  /** At work at once; more only slow one another. */
  readonly busy: number;
  /** Kept warm; the one that was idle longest goes first. */
  readonly idle: number;
}

/** First come, first served: no function can keep another one from its turn. */
export function createWorkerScheduler(
  start: (spec: FunctionSpec) => FunctionWorker,
  limits: WorkerLimits,
): WorkerScheduler {
  const workers = new Set<FunctionWorker>();
  const idle: FunctionWorker[] = [];
  const waiting: Waiting[] = [];
  let [busy, closed] = [0, false];

  /** A worker that has the function loaded, or a new one; the dead are forgotten on the way. */
  function take(spec: FunctionSpec): FunctionWorker {
    for (const worker of idle.filter(({ dead }) => dead)) retire(worker);
    const warm = idle.findLast(({ functionName }) => functionName === spec.name);
    if (warm !== undefined) idle.splice(idle.indexOf(warm), 1);
    const worker = warm ?? start(spec);
    workers.add(worker);
    busy += 1;
    return worker;
  }

  function retire(worker: FunctionWorker): void {
    const index = idle.indexOf(worker);
    if (index !== -1) idle.splice(index, 1);
    workers.delete(worker);
    if (!worker.dead) void worker.terminate();
  }

  return {
    workers,
    async acquire(spec) {
      if (closed) throw stopping();
      if (busy < limits.busy) return take(spec);
      return new Promise((resolve, reject) => waiting.push({ spec, resolve, reject }));
    },
    prepare(spec, count) {
      const own = [...workers].filter(({ functionName, dead }) => functionName === spec.name && !dead);
      if (closed || own.length >= count) return undefined;
      const worker = start(spec);
      workers.add(worker);
      idle.push(worker);
      return worker;
    },
    release(worker) {
      busy -= 1;
      if (worker.dead || closed) retire(worker);
      else idle.push(worker);
      const next = waiting.shift();
      next?.resolve(take(next.spec));
      if (idle.length > limits.idle && idle[0] !== undefined) retire(idle[0]);
    },
    close() {
      closed = true;
      for (const { reject } of waiting.splice(0)) reject(stopping());
      return idle.filter(({ dead }) => !dead);
    },
  };
}

function stopping(): Error {
  return new Error('The embedded AWS is stopping.');
}
