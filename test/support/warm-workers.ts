import type {
  FunctionWorker,
  WarmWorkers,
  WorkerParts,
} from '../../workflow/local/lambda/function-worker.ts';

/** A thread has five files open. On an ordinary machine, a process may have 1,024. */
const MAX_KEPT = 32;

/** Keeps the workers that became idle last. Loading a function takes 0.2 s, and a run loads about thirty. */
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

/** Compares everything that a worker is told when it starts. Otherwise it would use what another test had set. */
function isSame(one: WorkerParts, other: WorkerParts): boolean {
  const told = ({ spec, code, endpoint }: WorkerParts) => JSON.stringify([spec, code, endpoint]);
  return told(one) === told(other);
}
