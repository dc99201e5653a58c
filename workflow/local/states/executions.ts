import type { StateMachineSpec } from '../deploy/read-deployment.ts';
import {
  createHistory,
  errorDetails,
  inputDetails,
  MAX_EVENTS,
  outputDetails,
  toJson,
  type History,
} from './history.ts';
import {
  prepareMachine,
  type Json,
  type MachineDefinition,
  type PreparedMachine,
} from './prepare-machine.ts';
import type { ExecutionContext } from './line.ts';
import { runMachine } from './run-machine.ts';
import { stateErrorOf } from './state-error.ts';

/** How an execution stands, in Step Functions' words. */
export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** A deployed state machine, ready to run. */
export interface Machine extends StateMachineSpec {
  readonly prepared: PreparedMachine;
  /** Limit for a whole execution, where the definition sets one. */
  readonly timeoutSeconds: number | undefined;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** One execution, running or ended. */
export interface Execution {
  readonly arn: string;
  readonly name: string;
  readonly machine: Machine;
  readonly status: ExecutionStatus;
  /** JSON as it was given. */
  readonly input: string;
  /** JSON; only of a SUCCEEDED one. */
  readonly output: string | undefined;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly stoppedAt: number | undefined;
  readonly redriveCount: number;
  readonly redrivenAt: number | undefined;
  readonly history: History;
}

/** How an execution ended. */
export interface Ending {
  readonly status: Exclude<ExecutionStatus, 'RUNNING'>;
  readonly output?: string | undefined;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

/** An execution together with the means to end it and to redrive it. */
export interface RunningExecution extends Execution {
  /** Ends it, unless it has ended: the first ending counts. */
  end(ending: Ending): void;
  /** Goes on from the state it ended in, with that state's input. */
  redrive(): void;
}

/** What executions need of their surroundings. */
export interface ExecutionParts {
  readonly invoke: (parameters: Json) => Promise<Json>;
  readonly pauseMillis: number | undefined;
  /** Called when an execution starts, is redriven, or ends. */
  readonly onStatus: (execution: Execution) => void;
}

/** @throws Error naming the machine and the state that cannot run here */
export function deployMachine(spec: StateMachineSpec): Machine {
  const definition = JSON.parse(spec.definition) as MachineDefinition & { readonly TimeoutSeconds?: number };
  return {
    ...spec,
    prepared: prepareMachine(definition),
    timeoutSeconds: definition.TimeoutSeconds,
    createdAt: Date.now(),
  };
}

/** Starts an execution. It runs until it ends or is stopped. */
export function startExecution(
  parts: ExecutionParts,
  machine: Machine,
  arn: string,
  input: string,
): RunningExecution {
  let controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let entered = { name: '', input: JSON.parse(input) as Json };
  const history = createHistory((count) => {
    const cause = `The execution reached the maximum number of history events (${MAX_EVENTS}).`;
    // One event is left for the end itself.
    if (count === MAX_EVENTS - 1) execution.end({ status: 'FAILED', error: 'States.Runtime', cause });
  });
  const execution: Mutable<RunningExecution> = {
    arn,
    name: arn.split(':').at(-1) ?? '',
    machine,
    status: 'RUNNING',
    input,
    output: undefined,
    error: undefined,
    cause: undefined,
    startedAt: Date.now(),
    stoppedAt: undefined,
    redriveCount: 0,
    redrivenAt: undefined,
    history,
    end(ending) {
      if (execution.status !== 'RUNNING') return;
      clearTimeout(timer);
      Object.assign(execution, ending, { stoppedAt: Date.now() });
      recordEnding(history, ending);
      controller.abort();
      parts.onStatus(execution);
    },
    redrive() {
      controller = new AbortController();
      const redriveCount = execution.redriveCount + 1;
      const cleared = { output: undefined, error: undefined, cause: undefined, stoppedAt: undefined };
      Object.assign(execution, cleared, { status: 'RUNNING', redriveCount, redrivenAt: Date.now() });
      history.reopen();
      history.root.add('ExecutionRedriven', {
        member: 'executionRedrivenEventDetails',
        fields: { redriveCount },
      });
      run(machine.prepared.startingAt(entered.name), entered.input);
    },
  };

  function run(prepared: PreparedMachine, from: Json): void {
    if (machine.timeoutSeconds !== undefined) {
      timer = setTimeout(
        () => execution.end({ status: 'TIMED_OUT' }),
        Math.min(machine.timeoutSeconds * 1000, 2 ** 31 - 1),
      );
    }
    parts.onStatus(execution);
    const line = {
      execution: contextOf(execution),
      stateMachine: { Id: machine.arn, Name: machine.name },
      map: undefined,
      events: history.root,
      signal: controller.signal,
      invoke: parts.invoke,
      pauseMillis: parts.pauseMillis,
      onEntered: (name: string, stateInput: Json) => void (entered = { name, input: stateInput }),
    };
    void runMachine(prepared, from, line).then(
      (output) => execution.end({ status: 'SUCCEEDED', output: toJson(output) }),
      (thrown) => {
        if (line.signal.aborted) return;
        const { name, message } = stateErrorOf(thrown);
        execution.end({ status: 'FAILED', error: name, cause: message });
      },
    );
  }

  history.root.add(
    'ExecutionStarted',
    inputDetails('executionStartedEventDetails', input, { roleArn: machine.roleArn }),
  );
  run(machine.prepared, entered.input);
  return execution;
}

/**
 * Why an execution cannot be redriven; `undefined` where it can be.
 *
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
 */
export function redriveObstacle({ status, history }: Execution): string | undefined {
  if (status === 'RUNNING' || status === 'SUCCEEDED') return `Execution is ${status} and cannot be redriven`;
  return history.events.length < MAX_EVENTS - 1
    ? undefined
    : `Execution has reached the maximum number of history events (${MAX_EVENTS}) and cannot be redriven`;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function contextOf(execution: Execution): ExecutionContext {
  return {
    Id: execution.arn,
    Name: execution.name,
    StartTime: new Date(execution.startedAt).toISOString(),
    Input: JSON.parse(execution.input) as Json,
    RoleArn: execution.machine.roleArn,
  };
}

function recordEnding(history: History, { status, output, error, cause }: Ending): void {
  const types = {
    SUCCEEDED: 'ExecutionSucceeded',
    FAILED: 'ExecutionFailed',
    ABORTED: 'ExecutionAborted',
    TIMED_OUT: 'ExecutionTimedOut',
  };
  const type = types[status];
  const member = `e${type.slice(1)}EventDetails`;
  history.root.add(
    type,
    status === 'SUCCEEDED' ? outputDetails(member, output ?? 'null') : errorDetails(member, { error, cause }),
  );
  history.close();
}
