import type {
  FunctionWorker,
  WarmWorkers,
  WorkerParts,
} from '../../workflow/local/lambda/function-worker.ts';

/** A thread has five files open; a process may have 1,024 on an ordinary machine. */
const MAX_KEPT = 32;

/** Keeps the workers that were idle last: loading a function takes 0.2 s, and a run has some thirty to load. */
export function createWarmWorkers(): WarmWorkers {
  const kept: FunctionWorker[] = [];
  return {
    take(parts) {
      const at = kept.findLastIndex((worker) => !worker.dead && isSame(worker.parts, parts));
      return at === -1 ? undefined : kept.splice(at, 1)[0];
    },
    keep(worker) {
      kept.push(worker);
      if (kept.length > MAX_KEPT) void kept.shift()?.terminate();
    },
  };
}

/** Whatever a worker is told when it starts: it would otherwise go on with what another test had set. */
function isSame(one: WorkerParts, other: WorkerParts): boolean {
  const told = ({ spec, code, endpoint }: WorkerParts) => JSON.stringify([spec, code, endpoint]);
  return told(one) === told(other);
}
