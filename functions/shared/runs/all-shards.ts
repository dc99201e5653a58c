import type { Run } from '../ledger/run.ts';
import type { ManualProgress } from './manual-run.ts';
import type { Runtime, Turn } from '../runtime.ts';
import type { WorkerInput, WorkerOutput } from '../state.ts';

/** One turn of a Map's worker. */
export type Worker = (runtime: Runtime, input: WorkerInput, turn: Turn) => Promise<WorkerOutput>;

/**
 * One turn of every shard side by side, for a step called alone. It does in one invocation what a Map does. Returns or
 * throws when all have settled.
 *
 * @throws the first worker's error.
 */
export async function takeAllTurns(
  runtime: Runtime,
  { run, turn }: { readonly run: Run; readonly turn: Turn },
  worker: Worker,
): Promise<ManualProgress> {
  const { runId, executionArn, plan } = run;
  const turns = await Promise.allSettled(
    plan.shards.map((shard) => worker(runtime, { runId, executionArn, shard }, turn)),
  );
  for (const settled of turns) if (settled.status === 'rejected') throw settled.reason;
  const outputs = turns.flatMap((settled) => (settled.status === 'fulfilled' ? [settled.value] : []));
  const itemsDone = outputs.reduce((sum, output) => sum + output.itemsDone, 0);
  return { done: outputs.every(({ done }) => done), result: { itemsDone } };
}
