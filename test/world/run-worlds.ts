import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { addTally, emptyTally, type Tally } from './tally.ts';
import type { Share } from './worker.ts';

export interface WorldsOptions {
  readonly seed: number;
  readonly runs: number;
  /** Failures of each worker that are shrunk. */
  readonly shrunk?: number;
  /** Ends at the first failure. */
  readonly untilFound?: boolean;
  /** A fix that is taken out of the functions. */
  readonly mutation?: string | undefined;
  /** The theme of all worlds; absent: the seed decides. */
  readonly theme?: string | undefined;
  readonly onProgress?: (sum: Tally) => void;
}

/** What the worlds have shown, and how fast they were: without the time that a worker needs to load the functions. */
export interface Worlds extends Tally {
  readonly seed: number;
  /** Worlds. */
  readonly runsPerSecond: number;
  /** Runs of the service in these worlds: migrations and syncs. */
  readonly serviceRunsPerSecond: number;
  /** Of this process, for each world. Unlike the speed, it says something on a busy machine. */
  readonly cpuMillisPerRun: number;
}

/** Most of what a world makes is garbage before this much is full, and is never copied. For workers that start later. */
const YOUNG_MEGABYTES = 32;

/** Runs worlds of consecutive seeds on all cores. */
export async function runWorlds(options: WorldsOptions): Promise<Worlds> {
  const { seed, runs } = options;
  setFlagsFromString(`--min-semi-space-size=${YOUNG_MEGABYTES}`);
  setFlagsFromString(`--max-semi-space-size=${YOUNG_MEGABYTES}`);
  const step = Math.min(availableParallelism(), runs);
  const sum = emptyTally();
  let begun: ReturnType<typeof startWatch> | undefined;
  const workers = Array.from({ length: step }, (_, index) => {
    const { shrunk = 3, untilFound = false } = options;
    const { mutation, theme } = options;
    const share: Share = { from: seed + index, to: seed + runs, step, shrunk, untilFound, mutation, theme };
    return new Worker(new URL('./worker.ts', import.meta.url), { workerData: share });
  });
  const finished = workers.map(
    (worker) =>
      new Promise<void>((resolve, reject) => {
        worker.on('message', (message: Tally | 'ready') => {
          begun ??= startWatch();
          if (message === 'ready') return;
          addTally(sum, message);
          options.onProgress?.(sum);
          if (options.untilFound === true && sum.violations > 0)
            for (const one of workers) void one.terminate();
        });
        worker.on('error', reject);
        worker.on('exit', () => resolve());
      }),
  );
  await Promise.all(finished);
  return { ...sum, seed, ...(begun?.(sum) ?? NO_SPEED) };
}

type Speed = Pick<Worlds, 'runsPerSecond' | 'serviceRunsPerSecond' | 'cpuMillisPerRun'>;

const NO_SPEED: Speed = { runsPerSecond: 0, serviceRunsPerSecond: 0, cpuMillisPerRun: 0 };

const toTenths = (value: number): number => Math.round(10 * value) / 10;

/** @returns what gives the speed since now */
function startWatch(): (sum: Tally) => Speed {
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  return ({ runs, serviceRuns }) => {
    const seconds = (performance.now() - startedAt) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    return {
      runsPerSecond: toTenths(runs / seconds),
      serviceRunsPerSecond: toTenths(serviceRuns / seconds),
      cpuMillisPerRun: toTenths((user + system) / 1_000 / runs),
    };
  };
}
