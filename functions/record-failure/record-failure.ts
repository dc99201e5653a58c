import * as z from 'zod';
import { readableFailure, type ReadableFailure } from '../shared/runs/caught-failure.ts';
import { RunClosedError } from '../shared/errors.ts';
import { recordFailure } from '../shared/ledger/failure.ts';
import { readRun } from '../shared/ledger/run.ts';
import type { Runtime } from '../shared/runtime.ts';
import { executionArnSchema, failureSchema, runIdSchema } from '../shared/state.ts';

/** RecordFailure's payload. */
export const recordFailureSchema = z.strictObject({
  /** State the failure was caught in. */
  state: z.string().regex(/^[A-Za-z]{1,80}$/, 'must be the name of a state'),
  /** The iteration's state data, or a branch's run and failure. */
  iteration: z.object({
    runId: runIdSchema,
    executionArn: executionArnSchema,
    shard: z.number().int().min(0).max(999).optional(),
    failure: failureSchema,
  }),
});
export type RecordFailureInput = z.infer<typeof recordFailureSchema>;

/**
 * Writes a failure inside a Map or a branch into the ledger, because the Map's own Catch may only see that some
 * iteration failed. The first failure recorded is the root cause.
 *
 * @returns the failure in words, with a cause even if Step Functions gave none. The iteration fails with it
 * @throws RunNotFoundError; RunClosedError where another execution works on the run. Neither is retried.
 */
export async function recordCaughtFailure(
  runtime: Runtime,
  input: RecordFailureInput,
): Promise<ReadableFailure> {
  const { runId, executionArn, shard, failure } = input.iteration;
  const run = await readRun(runtime.ledger, runId);
  if (run.executionArn !== executionArn)
    throw new RunClosedError(
      `Execution ${executionArn} does not work on run ${runId}, so its failure was not recorded. Nothing was changed.`,
    );
  const { error, cause } = readableFailure(failure);
  const at = new Date(runtime.clock.now()).toISOString();
  await recordFailure(runtime.ledger, runId, { executionArn, error, cause, state: input.state, shard, at });
  runtime.logger.error('A worker failed', { runId, stage: input.state, shard, error });
  return { error, cause };
}
