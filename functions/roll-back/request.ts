import { readableFailure, type ReadableFailure } from '../shared/runs/caught-failure.ts';
import { parseInput } from '../shared/runs/parse-input.ts';
import { findExecution } from '../shared/ledger/execution-record.ts';
import { findFirstFailure } from '../shared/ledger/failure.ts';
import { findRun } from '../shared/ledger/run.ts';
import type { Runtime } from '../shared/runtime.ts';
import {
  type Execution,
  type RollBackInput,
  type RollBackRequest,
  rollBackRequestSchema,
} from '../shared/state.ts';

/** Which run to roll back, why, and who asked for it. */
export interface RollBackOrder {
  readonly runId: string;
  /** `fail`: its own execution failed. `recover`: its execution is dead. `operator`: somebody asked for the roll back. */
  readonly reason: 'fail' | 'recover' | 'operator';
  readonly confirm?: string | undefined;
  readonly execution: Execution;
  readonly failure: ReadableFailure & { readonly state?: string };
}

/** The execution failed before it began a run. */
export interface NothingBegun {
  readonly runId: undefined;
  readonly failure: ReadableFailure;
}

/** {@link parseInput} of `rollback`. @throws InvalidInputError; not retried. */
function parseRequest(typed: unknown): RollBackRequest {
  return parseInput(typed, {
    schema: rollBackRequestSchema,
    of: 'the roll back',
    help: 'Nothing was changed. It needs a "runId".',
  });
}

/**
 * The root cause is the first failure that a worker of the run's current execution recorded. The Map's own error may
 * only say that a worker failed.
 */
async function rootCause(
  runtime: Runtime,
  runId: string,
  caught: ReadableFailure,
): Promise<RollBackOrder['failure']> {
  const run = await findRun(runtime.ledger, runId);
  const recorded = run && (await findFirstFailure(runtime.ledger, run));
  return recorded === undefined
    ? caught
    : { error: recorded.error, cause: recorded.cause, state: recorded.state };
}

/** A run that succeeded did not fail, even if its workers recorded failures. */
async function reasonOfOrder(runtime: Runtime, runId: string): Promise<RollBackOrder['failure']> {
  const run = await findRun(runtime.ledger, runId);
  return run?.status === 'SUCCEEDED' ? ORDERED : rootCause(runtime, runId, ORDERED);
}

const RECOVERED: ReadableFailure = {
  error: 'ExecutionEnded',
  cause: 'The execution was stopped, timed out or failed without a chance to clean up.',
};

const ORDERED: ReadableFailure = {
  error: 'RolledBackByOperator',
  cause: 'The run was rolled back on request.',
};

type FailedMachine = Extract<RollBackInput, { machine: 'migrate' | 'restore' }>;

async function fromFailure(runtime: Runtime, input: FailedMachine): Promise<RollBackOrder | NothingBegun> {
  const caught = readableFailure(input.failure);
  // No run begins before the connection is tested, and the ledger may be the service that does not answer.
  if (input.tested === undefined && input.run === undefined) return { runId: undefined, failure: caught };
  const { execution } = input;
  const record = await findExecution(runtime.ledger, execution.name);
  if (
    record === undefined ||
    record.executionArn !== execution.id ||
    record.startTime !== execution.startTime
  )
    return { runId: undefined, failure: caught };
  const { runId } = record;
  return { runId, reason: 'fail', execution, failure: await rootCause(runtime, runId, caught) };
}

/** Reads which run to roll back, and who asked for it. */
export async function readOrder(
  runtime: Runtime,
  input: RollBackInput,
): Promise<RollBackOrder | NothingBegun> {
  const { execution } = input;
  switch (input.machine) {
    case 'migrate':
    case 'restore':
      return fromFailure(runtime, input);
    case 'recover':
      return {
        runId: input.runId,
        reason: 'recover',
        execution,
        failure: await rootCause(runtime, input.runId, RECOVERED),
      };
    case 'rollback': {
      const { runId, confirm, recover = false } = parseRequest(input.input);
      const failure = recover
        ? await rootCause(runtime, runId, RECOVERED)
        : await reasonOfOrder(runtime, runId);
      return { runId, reason: recover ? 'recover' : 'operator', confirm, execution, failure };
    }
  }
}
