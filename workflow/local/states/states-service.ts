import { randomUUID } from 'node:crypto';
import { arnOf } from '../account.ts';
import { AwsError, jsonAnswer } from '../gateway/aws-answers.ts';
import type { Service } from '../gateway/aws-request.ts';
import {
  deployMachine,
  redriveObstacle,
  startExecution,
  type ExecutionParts,
  type Machine,
  type RunningExecution,
} from './executions.ts';
import {
  describeExecution,
  describeMachine,
  historyEvent,
  listedExecution,
  listedMachine,
  seconds,
} from './describe.ts';
import { MAX_PAYLOAD_BYTES } from './run-machine.ts';
import type { StateMachineSpec } from '../deploy/read-deployment.ts';
import { pageOf } from './page.ts';

/** The Step Functions of the embedded AWS. */
export interface States {
  readonly serve: Service;
  /** Every execution, in the order of their start. */
  readonly executions: ReadonlyMap<string, RunningExecution>;
  /** Ends every execution that runs, without an event: the whole endpoint is going. */
  stop(): void;
}

type Body = Readonly<Record<string, unknown>>;

/** @throws Error naming a state that cannot run here */
export function createStates(specs: readonly StateMachineSpec[], parts: ExecutionParts): States {
  const machines = new Map(specs.map((spec) => [spec.arn, deployMachine(spec)]));
  const executions = new Map<string, RunningExecution>();
  let stopping = false;
  const told: ExecutionParts = {
    ...parts,
    onStatus: (execution) => void (stopping || parts.onStatus(execution)),
  };
  const operations = operationsOf(machines, executions, told);
  return {
    executions,
    async serve({ operation, json }) {
      const call = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
      if (call === undefined)
        throw new AwsError(400, 'UnknownOperationException', `No such call: ${operation}`);
      return jsonAnswer(call(json ?? {}));
    },
    stop() {
      stopping = true;
      for (const execution of executions.values()) execution.end({ status: 'ABORTED' });
    },
  };
}

function operationsOf(
  machines: ReadonlyMap<string, Machine>,
  executions: Map<string, RunningExecution>,
  parts: ExecutionParts,
): Readonly<Record<string, (body: Body) => unknown>> {
  const machineOf = (body: Body) =>
    find(machines, String(body['stateMachineArn']), 'StateMachineDoesNotExist', 'State Machine');
  const executionOf = (body: Body) =>
    find(executions, String(body['executionArn']), 'ExecutionDoesNotExist', 'Execution');
  return {
    StartExecution: (body) => start(machineOf(body), executions, parts, body),
    DescribeExecution: (body) => describeExecution(executionOf(body)),
    StopExecution: (body) => stop(executionOf(body), body),
    RedriveExecution: (body) => redrive(executionOf(body)),
    ListExecutions: (body) => listExecutions(machineOf(body), executions, body),
    GetExecutionHistory: (body) => history(executionOf(body), body),
    ListStateMachines: (body) => {
      const { items, nextToken } = pageOf([...machines.values()], body);
      return { stateMachines: items.map(listedMachine), nextToken };
    },
    DescribeStateMachine: (body) => describeMachine(machineOf(body)),
    DescribeStateMachineForExecution: (body) => describeMachine(executionOf(body).machine),
    ListTagsForResource: () => ({ tags: [] }),
  };
}

/** @throws AwsError in the words of the missing kind, or InvalidArn */
function find<T>(all: ReadonlyMap<string, T>, arn: string, code: string, kind: string): T {
  if (!arn.startsWith('arn:aws:states:')) throw new AwsError(400, 'InvalidArn', `Invalid Arn: '${arn}'`);
  const found = all.get(arn);
  if (found === undefined) throw new AwsError(400, code, `${kind} Does Not Exist: '${arn}'`);
  return found;
}

function start(
  machine: Machine,
  executions: Map<string, RunningExecution>,
  parts: ExecutionParts,
  body: Body,
): object {
  const name = readName(body['name']);
  const input = readInput(body['input']);
  const arn = arnOf('states', `execution:${machine.name}:${name}`);
  const existing = executions.get(arn);
  if (existing?.status === 'RUNNING' && existing.input === input) {
    return { executionArn: arn, startDate: seconds(existing.startedAt) };
  }
  if (existing !== undefined)
    throw new AwsError(400, 'ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
  const execution = startExecution(parts, machine, arn, input);
  executions.set(arn, execution);
  return { executionArn: arn, startDate: seconds(execution.startedAt) };
}

/** @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
function readName(given: unknown): string {
  if (given === undefined || given === null) return randomUUID();
  const name = typeof given === 'string' ? given : '';
  // oxlint-disable-next-line no-control-regex -- AWS names the control characters too
  if (/^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]{1,80}$/.test(name)) return name;
  throw new AwsError(400, 'InvalidName', `Invalid Name: '${name}'`);
}

function readInput(given: unknown): string {
  const input = typeof given === 'string' ? given : '{}';
  if (Buffer.byteLength(input) > MAX_PAYLOAD_BYTES) {
    throw new AwsError(
      400,
      'InvalidExecutionInput',
      `Invalid State Machine Execution Input: larger than ${MAX_PAYLOAD_BYTES} bytes`,
    );
  }
  try {
    JSON.parse(input);
    return input;
  } catch (error) {
    throw new AwsError(
      400,
      'InvalidExecutionInput',
      `Invalid State Machine Execution Input: '${String(error)}'`,
    );
  }
}

function stop(execution: RunningExecution, body: Body): object {
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  execution.end({ status: 'ABORTED', error: text(body['error']), cause: text(body['cause']) });
  return { stopDate: seconds(execution.stoppedAt ?? Date.now()) };
}

function redrive(execution: RunningExecution): object {
  const obstacle = redriveObstacle(execution);
  if (obstacle !== undefined) throw new AwsError(400, 'ExecutionNotRedrivable', obstacle);
  execution.redrive();
  return { redriveDate: seconds(execution.redrivenAt ?? Date.now()) };
}

function listExecutions(
  machine: Machine,
  executions: ReadonlyMap<string, RunningExecution>,
  body: Body,
): object {
  const { statusFilter = null, redriveFilter = null } = body;
  const matching = [...executions.values()].filter(
    ({ machine: own, status, redriveCount }) =>
      own === machine &&
      (statusFilter === null || statusFilter === status) &&
      (redriveFilter === null || (redriveFilter === 'REDRIVEN') === redriveCount > 0),
  );
  const { items, nextToken } = pageOf(matching.toReversed(), body);
  return { executions: items.map(listedExecution), nextToken };
}

function history(execution: RunningExecution, body: Body): object {
  const { events } = execution.history;
  const { items, nextToken } = pageOf(body['reverseOrder'] === true ? events.toReversed() : events, body);
  return {
    events: items.map((event) => historyEvent(event, body['includeExecutionData'] !== false)),
    nextToken,
  };
}
