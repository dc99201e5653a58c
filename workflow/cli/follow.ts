import { commandsOf, stepText } from '../../functions/shared/commands.ts';
import { REFUSED } from './exit-codes.ts';
import { isNamed } from '../../functions/shared/errors.ts';
import { findRun } from '../../functions/shared/ledger/run.ts';
import { runStageCommand, pageCommand } from './command.ts';
import type { OperatorContext } from './context.ts';
import { executionArn, type MachineName } from '../../functions/shared/names.ts';
import { describeExecution } from './executions.ts';
import { followToReport, printConsoleLink } from './follow-to-report.ts';
import { runNamed } from './newest-run.ts';
import { OperatorError } from './operator-error.ts';

/** An execution of `sync` that works on an open sync begins no run of its own, nor does a roll back. */
const FOLLOWED = ['migrate', 'restore', 'sync', 'rollback'] as const satisfies readonly MachineName[];

const command = pageCommand(
  'follow',
  'Follows a run that was started elsewhere, to its end.',
  'the report',
).argument('[runId]', 'run, or name of its execution (default: the newest run)');

await runStageCommand(command, async ({ context, terminal, args: [named] }) => {
  const arn = await executionOf(context, await runNamed(context, named));
  printConsoleLink(context, arn, terminal);
  return followToReport(context, arn, terminal);
});

/** The execution that works on a run now; before the run has begun, the one of that name. */
async function executionOf(context: OperatorContext, runId: string): Promise<string> {
  const run = await findRun(context.ledger, runId);
  if (run !== undefined && run.kind === 'manual')
    throw new OperatorError(
      `Run ${runId} is a single step that was called by hand; there is no execution to follow.`,
      REFUSED,
      stepText(['See its report', commandsOf(context).report(runId)]),
    );
  if (run !== undefined) return run.executionArn;
  for (const machine of FOLLOWED) {
    const arn = executionArn(context, machine, runId);
    if (await isThere(context, arn)) return arn;
  }
  throw new OperatorError(
    `Stage ${context.stage} knows no run ${runId}.`,
    REFUSED,
    stepText(['List the runs', commandsOf(context).runs()]),
  );
}

function isThere({ sfn }: OperatorContext, arn: string): Promise<boolean> {
  return describeExecution(sfn, arn).then(
    () => true,
    (error: unknown) => {
      if (isNamed(error, 'ExecutionDoesNotExist')) return false;
      throw error;
    },
  );
}
