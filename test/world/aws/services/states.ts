import type {
  DescribeExecutionCommandInput,
  ListExecutionsCommandInput,
  StartExecutionCommandInput,
  StopExecutionCommandInput,
} from '@aws-sdk/client-sfn';
import { awsError } from '../errors.ts';
import { type Aws, type Execution, nextUuid } from '../state.ts';
import { operation, whole } from '../work.ts';

const NAME = /^[A-Za-z0-9-_]{1,80}$/;
const PAGE_EXECUTIONS = 100;

function refusal(name: string, message: string): Error {
  return awsError({ service: 'states', name, message });
}

/** The ARN of an execution of a machine. */
export function executionArnOf(stateMachineArn: string, name: string): string {
  return `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
}

function startExecution(aws: Aws, input: StartExecutionCommandInput): unknown {
  const { stateMachineArn = '', name = nextUuid(aws), input: text = '{}' } = input;
  if (!aws.state.machines.has(stateMachineArn))
    throw refusal('StateMachineDoesNotExist', `State Machine Does Not Exist: '${stateMachineArn}'`);
  if (!NAME.test(name)) throw refusal('InvalidName', `Invalid Name: '${name}'`);
  const executionArn = executionArnOf(stateMachineArn, name);
  const existing = aws.state.executions.get(executionArn);
  if (existing !== undefined) return existingStart(existing, text);
  const startedAt = aws.now();
  const execution: Execution = {
    executionArn,
    stateMachineArn,
    name,
    input: text,
    startedAt,
    status: 'RUNNING',
  };
  aws.state.executions.set(executionArn, execution);
  aws.onStart(execution);
  return { executionArn, startDate: new Date(startedAt) };
}

/** The same start again is answered as the first one, while the execution runs. */
function existingStart({ executionArn, input, status, startedAt }: Execution, text: string): unknown {
  if (input === text && status === 'RUNNING') return { executionArn, startDate: new Date(startedAt) };
  throw refusal('ExecutionAlreadyExists', `Execution Already Exists: '${executionArn}'`);
}

function findExecution({ state }: Aws, executionArn = ''): Execution {
  const found = state.executions.get(executionArn);
  if (found === undefined)
    throw refusal('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`);
  return found;
}

function summaryOf({ executionArn, stateMachineArn, name, status, startedAt, stoppedAt }: Execution) {
  return {
    executionArn,
    stateMachineArn,
    name,
    status,
    startDate: new Date(startedAt),
    ...(stoppedAt !== undefined && { stopDate: new Date(stoppedAt) }),
  };
}

function describeExecution(aws: Aws, { executionArn }: DescribeExecutionCommandInput): unknown {
  const execution = findExecution(aws, executionArn);
  const { input, output, error, cause } = execution;
  return {
    ...summaryOf(execution),
    input,
    ...(output !== undefined && { output }),
    ...(error !== undefined && { error }),
    ...(cause !== undefined && { cause }),
  };
}

function stopExecution(aws: Aws, { executionArn, error, cause }: StopExecutionCommandInput): unknown {
  const execution = findExecution(aws, executionArn);
  if (execution.status === 'RUNNING') {
    execution.status = 'ABORTED';
    execution.stoppedAt = aws.now();
    if (error !== undefined) execution.error = error;
    if (cause !== undefined) execution.cause = cause;
    aws.onStop(execution);
  }
  return { stopDate: new Date(execution.stoppedAt ?? aws.now()) };
}

/** Newest first; an execution that was started a moment ago may be missing. */
function listExecutions(aws: Aws, input: ListExecutionsCommandInput): unknown {
  const { stateMachineArn, statusFilter, maxResults = PAGE_EXECUTIONS, nextToken = '0' } = input;
  const young = aws.now() - 1_000;
  const isListed = ({ startedAt }: Execution): boolean =>
    startedAt < young || aws.choose(2, 'an execution is not listed yet') === 0;
  const all = [...aws.state.executions.values()].filter(
    (one) =>
      one.stateMachineArn === stateMachineArn &&
      (statusFilter === undefined || one.status === statusFilter) &&
      isListed(one),
  );
  const from = Number(nextToken);
  const to = from + maxResults;
  return {
    executions: all.toReversed().slice(from, to).map(summaryOf),
    ...(to < all.length && { nextToken: String(to) }),
  };
}

/** Executions, as the stages and operators start, look at and stop them. */
export const STATES_OPERATIONS = {
  StartExecution: operation('stateMachineArn name input', (aws, _caller, input: StartExecutionCommandInput) =>
    whole(`${input.stateMachineArn} ${input.name ?? ''}`, () => startExecution(aws, input)),
  ),
  DescribeExecution: operation('executionArn', (aws, _caller, input: DescribeExecutionCommandInput) =>
    whole(input.executionArn ?? '', () => describeExecution(aws, input)),
  ),
  StopExecution: operation('executionArn error cause', (aws, _caller, input: StopExecutionCommandInput) =>
    whole(input.executionArn ?? '', () => stopExecution(aws, input)),
  ),
  ListExecutions: operation(
    'stateMachineArn statusFilter maxResults nextToken',
    (aws, _caller, input: ListExecutionsCommandInput) =>
      whole(input.stateMachineArn ?? '', () => listExecutions(aws, input)),
  ),
};
