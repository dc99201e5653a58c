import { readableFailure } from '../shared/caught-failure.ts';
import { recordFailure } from '../shared/ledger/failure.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { RecordFailureInput } from '../shared/state.ts';

/**
 * Writes a failure inside a Map or a branch into the ledger, because the Map's own Catch may only see that
 * some iteration failed. The first one recorded counts as the root cause.
 */
export async function recordCaughtFailure(
  runtime: Runtime,
  input: RecordFailureInput,
): Promise<Record<string, never>> {
  const { runId, shard, failure } = input.iteration;
  const { error, cause } = readableFailure(failure);
  const at = new Date(runtime.clock.now()).toISOString();
  await recordFailure(runtime.ledger, runId, { error, cause, state: input.state, shard, at });
  runtime.logger.error('A worker failed', { runId, stage: input.state, shard, error });
  return {};
}
