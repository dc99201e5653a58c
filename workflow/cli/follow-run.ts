import { executionNameOf, machineArn, type MachineName } from '../../functions/shared/names.ts';
import type { ExecutionStatus } from '@aws-sdk/client-sfn';
import { findExecution } from '../../functions/shared/ledger/execution-record.ts';
import { findRun, type Run } from '../../functions/shared/ledger/run.ts';
import { rollBackRequestSchema } from '../../functions/shared/state.ts';
import type { OperatorContext } from './context.ts';
import { currentState, describeExecution, describeMachine, type Machine } from './executions.ts';
import { createPatience } from './patience.ts';
import { isStateDone, type Progress, progressBeforeRun, progressOf, type StageProgress } from './progress.ts';
import type { ProgressView } from './progress-view.ts';
import { readShards, type ShardsByState } from './run-record.ts';

/** How an execution ended. */
export interface ExecutionEnd {
  readonly executionArn: string;
  /** `undefined` when it ended before it had begun a run. */
  readonly runId: string | undefined;
  readonly machine: MachineName;
  /** The last state on its top level. */
  readonly state: string | undefined;
  readonly status: ExecutionStatus;
  /** As it was typed. */
  readonly input?: string | undefined;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  /** Parsed output of one that succeeded. */
  readonly output: unknown;
  readonly error: string | undefined;
  readonly cause: string | undefined;
}

/** How to follow. */
export interface FollowOptions {
  readonly view: ProgressView;
  /** Milliseconds between two looks; default 250 at an endpoint of one's own, 2,000 on AWS. */
  readonly intervalMillis?: number | undefined;
  /** Ends the following, not the run. */
  readonly signal?: AbortSignal | undefined;
  /** Told when nothing answers for the moment. */
  readonly onSilence?: () => void;
}

/**
 * Looks at an execution and its run until it has ended, and shows each look. A look that nothing answers is repeated.
 *
 * @returns `undefined` when the signal ended the following first.
 * @throws the last error when nothing has answered for long
 */
export async function followExecution(
  context: OperatorContext,
  executionArn: string,
  options: FollowOptions,
): Promise<ExecutionEnd | undefined> {
  const intervalMillis = options.intervalMillis ?? (context.endpoint === undefined ? 2_000 : 250);
  const { view, signal, onSilence = () => undefined } = options;
  const patiently = createPatience(context, { onSilence, signal });
  const isInterrupted = (): boolean => signal?.aborted === true;
  try {
    const watch = await patiently(() => startWatch(context, executionArn));
    while (!isInterrupted()) {
      const end = await patiently(() => findEnd(context, executionArn));
      watch.endedAfter = end && (end.finishedAt.getTime() - end.startedAt.getTime()) / 1_000;
      await patiently(() => look(context, watch, view));
      if (end !== undefined) return { ...end, runId: watch.runId, state: watch.state };
      await pause(isNearEnd(watch) ? intervalMillis * NEAR_END_SHARE : intervalMillis, signal);
    }
    return undefined;
  } finally {
    view.end();
  }
}

/** The last state takes a moment, and then there is nothing left to wait for. */
const NEAR_END_SHARE = 0.2;

const isNearEnd = ({ state, definition: { steps } }: Watch): boolean => state === steps.at(-1);

/** What is remembered from one look to the next. */
interface Watch {
  readonly executionArn: string;
  readonly machine: MachineName;
  readonly definition: Machine;
  /** Epoch milliseconds. */
  readonly startedAt: number | undefined;
  runId: string | undefined;
  state: string | undefined;
  finished: ShardsByState;
  /** Seconds; `undefined` while it runs. */
  endedAfter: number | undefined;
}

async function startWatch(context: OperatorContext, executionArn: string): Promise<Watch> {
  const { stateMachineArn = '', startDate, input } = await describeExecution(context.sfn, executionArn);
  const definition = await describeMachine(context.sfn, stateMachineArn);
  const startedAt = startDate?.getTime();
  const machine = machineOf(context, stateMachineArn);
  const runId = machine === 'rollback' ? namedRun(input) : undefined;
  const unknown = { state: undefined, finished: new Map(), endedAfter: undefined };
  return { executionArn, machine, definition, startedAt, runId, ...unknown };
}

async function findEnd(
  context: OperatorContext,
  executionArn: string,
): Promise<Omit<ExecutionEnd, 'runId' | 'state'> | undefined> {
  const execution = await describeExecution(context.sfn, executionArn);
  const { status = 'RUNNING', startDate = new Date(), stopDate = new Date(), input, output } = execution;
  if (status === 'RUNNING' || status === 'PENDING_REDRIVE') return undefined;
  return {
    executionArn,
    machine: machineOf(context, execution.stateMachineArn),
    status,
    input,
    startedAt: startDate,
    finishedAt: stopDate,
    output: output === undefined ? undefined : (JSON.parse(output) as unknown),
    error: execution.error,
    cause: execution.cause,
  };
}

const OTHER_MACHINES = ['restore', 'sync', 'rollback'] as const satisfies readonly MachineName[];

function machineOf(context: OperatorContext, stateMachineArn: string | undefined): MachineName {
  return OTHER_MACHINES.find((machine) => stateMachineArn === machineArn(context, machine)) ?? 'migrate';
}

/** A roll back works on a run that another execution has begun. */
function namedRun(input: string | undefined): string | undefined {
  const typed: unknown = input === undefined ? undefined : JSON.parse(input);
  const { success, data } = rollBackRequestSchema.safeParse(typed);
  return success ? data.runId : undefined;
}

async function look(context: OperatorContext, watch: Watch, view: ProgressView): Promise<void> {
  const { ledger, sfn } = context;
  watch.state = (await currentState(sfn, watch.executionArn, watch.definition.topLevel)) ?? watch.state;
  const { startedAt, endedAfter } = watch;
  const where = { startedAt, endedAfter, step: stepOf(watch) };
  const { executionArn: id } = watch;
  watch.runId ??= (await findExecution(ledger, { name: executionNameOf(id), id }))?.runId;
  const run = watch.runId === undefined ? undefined : await findRun(ledger, watch.runId);
  if (run === undefined) return view.show({ ...progressBeforeRun(watch.state), ...where });
  // A cut over that does not switch compares again: what was finished is then of the compare before.
  const finished = finishedStates(run, watch.finished);
  const shards = await readShards(ledger, run.runId, finished);
  watch.finished = finishedStates(run, shards);
  const progress = progressOf(run, shards, { state: watch.state, now: Date.now() });
  view.show({ ...ownProgress(watch, progress), ...where });
}

/** Of a roll back only its own work: the Maps of the run have long ended. */
function ownProgress({ machine }: Watch, progress: Progress): Progress {
  const isOwn = ({ state }: StageProgress): boolean => machine !== 'rollback' || state === 'RollBack';
  return { ...progress, stages: progress.stages.filter(isOwn) };
}

/** Only where the way is long and always the same: not of a roll back, nor of a sync, whose way its input decides. */
function stepOf({ definition: { steps }, state }: Watch): Progress['step'] {
  if (steps.at(-1)?.startsWith('Complete') !== true) return undefined;
  const index = state === undefined ? -1 : steps.indexOf(state);
  return index === -1 ? undefined : { number: index + 1, of: steps.length };
}

function finishedStates(run: Run, shards: ShardsByState): ShardsByState {
  return new Map([...shards].filter(([state, own]) => isStateDone(run, state, own)));
}

const pause = (millis: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, millis);
    signal?.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
