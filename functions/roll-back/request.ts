import { readableFailure, type ReadableFailure } from '../shared/runs/caught-failure.ts';
import { parseInput } from '../shared/runs/parse-input.ts';
import { findExecution } from '../shared/ledger/execution-record.ts';
import { findFirstFailure } from '../shared/ledger/failure.ts';
import { findRun, type Run } from '../shared/ledger/run.ts';
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
  /** As it was read for the order. Absent: the ledger had no such run. */
  readonly run?: Run | undefined;
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
    help: 'Nothing was changed. Its "runId" is the id of a run.',
  });
}

/** Reads the run, and why it is rolled back. */
async function ordered(
  { ledger }: Runtime,
  order: Omit<RollBackOrder, 'run' | 'failure'>,
  caught: ReadableFailure,
): Promise<RollBackOrder> {
  const run = await findRun(ledger, order.runId);
  return { ...order, run, failure: (run && (await rootCause(ledger, order, run))) ?? caught };
}

/**
 * The root cause is the first failure that a worker of the run's current execution recorded. The Map's own error may
 * only say that a worker failed. A run that succeeded did not fail, even if its workers recorded failures.
 */
async function rootCause(
  ledger: Runtime['ledger'],
  { reason }: Pick<RollBackOrder, 'reason'>,
  run: Run,
): Promise<RollBackOrder['failure'] | undefined> {
  if (reason === 'operator' && run.status === 'SUCCEEDED') return undefined;
  const recorded = await findFirstFailure(ledger, run);
  return recorded && { error: recorded.error, cause: recorded.cause, state: recorded.state };
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
  const record = await findExecution(runtime.ledger, execution);
  if (record?.startTime !== execution.startTime) return { runId: undefined, failure: caught };
  const { runId } = record;
  return ordered(runtime, { runId, reason: 'fail', execution }, caught);
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
      return ordered(runtime, { runId: input.runId, reason: 'recover', execution }, RECOVERED);
    case 'rollback': {
      const { runId, confirm, recover = false } = parseRequest(input.input);
      const reason = recover ? 'recover' : 'operator';
      return ordered(runtime, { runId, reason, confirm, execution }, recover ? RECOVERED : ORDERED);
    }
  }
}
