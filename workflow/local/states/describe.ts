import { redriveObstacle, type Execution, type Machine } from './executions.ts';
import type { HistoryEvent } from './history.ts';

/** Milliseconds as the JSON protocol writes dates: seconds since the epoch, with decimals. */
export function seconds(millis: number): number {
  return millis / 1000;
}

/** The answer of DescribeExecution. */
export function describeExecution(execution: Execution): object {
  const { output } = execution;
  const obstacle = redriveObstacle(execution);
  return {
    ...listedExecution(execution),
    input: execution.input,
    inputDetails: { included: true },
    ...(output !== undefined && { output, outputDetails: { included: true } }),
    error: execution.error,
    cause: execution.cause,
    redriveStatus: obstacle === undefined ? 'REDRIVABLE' : 'NOT_REDRIVABLE',
    redriveStatusReason: obstacle,
  };
}

/** One entry of ListExecutions. */
export function listedExecution(execution: Execution): object {
  const { stoppedAt, redrivenAt } = execution;
  return {
    executionArn: execution.arn,
    stateMachineArn: execution.machine.arn,
    name: execution.name,
    status: execution.status,
    startDate: seconds(execution.startedAt),
    ...(stoppedAt !== undefined && { stopDate: seconds(stoppedAt) }),
    redriveCount: execution.redriveCount,
    ...(redrivenAt !== undefined && { redriveDate: seconds(redrivenAt) }),
  };
}

/** One entry of ListStateMachines. */
export function listedMachine(machine: Machine): object {
  return {
    stateMachineArn: machine.arn,
    name: machine.name,
    type: 'STANDARD',
    creationDate: seconds(machine.createdAt),
  };
}

/** The answer of DescribeStateMachine. */
export function describeMachine(machine: Machine): object {
  return {
    ...listedMachine(machine),
    status: 'ACTIVE',
    definition: machine.definition,
    roleArn: machine.roleArn,
    loggingConfiguration: { level: 'OFF', includeExecutionData: false },
    tracingConfiguration: { enabled: false },
  };
}

/** Members of an event's details that hold the execution's data. */
const DATA = ['input', 'inputDetails', 'output', 'outputDetails', 'parameters', 'cause', 'error'];

/** One event of GetExecutionHistory. */
export function historyEvent({ details, timestamp, ...event }: HistoryEvent, withData: boolean): object {
  const base = { ...event, timestamp: seconds(timestamp) };
  if (details === undefined) return base;
  const fields = Object.entries(details.fields).filter(([name]) => withData || !DATA.includes(name));
  return { ...base, [details.member]: Object.fromEntries(fields) };
}
