import { type DescribeExecutionOutput, ExecutionStatus, StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { Report } from '../../../functions/shared/runs/report.ts';
import { findRun, type Run, type RunStatus } from '../../../functions/shared/ledger/run.ts';
import type { MachineName } from '../../../functions/shared/names.ts';
import { describeExecution, executionName, startExecution } from '../executions.ts';
import { OperatorError } from '../operator-error.ts';
import { until } from './pace.ts';
import type { Smoke } from './smoke-run.ts';

/** Runs of the smoke test are told from all others by their names. */
export const smokePrefix = 'smoke-';

/** An execution takes minutes; one that takes this long hangs. */
const executionSeconds = 1_800;
/** The rule acts within seconds, the schedule that stands in for it every 15 minutes; then workers are waited for. */
const recoverSeconds = 1_500;

const endStatuses: ReadonlySet<RunStatus> = new Set([
  'SUCCEEDED',
  'PLANNED',
  'HELD',
  'ROLLED_BACK',
  'ROLLBACK_FAILED',
]);

/** Starts a machine and remembers the execution, so that nothing is left running. */
export async function start(smoke: Smoke, machine: MachineName, input: object): Promise<string> {
  const name = smokePrefix + executionName(machine);
  const executionArn = await startExecution(smoke.context, machine, { name, input });
  smoke.executions.push(executionArn);
  return executionArn;
}

/** Waits for the end of an execution. @throws OperatorError after half an hour. */
export function endOf(smoke: Smoke, executionArn: string): Promise<DescribeExecutionOutput> {
  const what = `the execution ${executionArn} to end`;
  return until(smoke.pace, { what, seconds: executionSeconds }, async () => {
    const execution = await describeExecution(smoke.context.sfn, executionArn);
    return execution.status === ExecutionStatus.RUNNING ? undefined : execution;
  });
}

/** Runs a machine, which must succeed. @throws OperatorError with the execution's own words. */
export async function succeed(smoke: Smoke, machine: MachineName, input: object): Promise<Report> {
  const execution = await endOf(smoke, await start(smoke, machine, input));
  if (execution.status !== ExecutionStatus.SUCCEEDED)
    throw new OperatorError(
      `${machine} ended as ${execution.status ?? '?'}: ${execution.error ?? ''}: ${execution.cause ?? ''}`,
    );
  return JSON.parse(execution.output ?? '{}') as Report;
}

/** Waits until the ledger has an end status for a run; `undefined` for a run that was never begun. */
export async function recoveredRun(smoke: Smoke, runId: string): Promise<Run | undefined> {
  const what = `run ${runId} to be recovered`;
  const recovered = await until(smoke.pace, { what, seconds: recoverSeconds }, async () => {
    const run = await findRun(smoke.context.ledger, runId);
    return run === undefined || endStatuses.has(run.status) ? { run } : undefined;
  });
  return recovered.run;
}

export async function stop({ context }: Smoke, executionArn: string): Promise<void> {
  const cause = 'The smoke test stops it on purpose.';
  await context.sfn.send(new StopExecutionCommand({ executionArn, error: 'SmokeTest', cause }));
}
