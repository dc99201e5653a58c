import { commandsOf, stepText } from '../../functions/shared/commands.ts';
import { REFUSED } from './exit-codes.ts';
import { findRun } from '../../functions/shared/ledger/run.ts';
import { runStageCommand, pageCommand } from './command.ts';
import type { OperatorContext } from './context.ts';
import { followToReport, printConsoleLink } from './follow-to-report.ts';
import { namedExecution } from './named-execution.ts';
import { runNamed } from './newest-run.ts';
import { OperatorError } from './operator-error.ts';

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
  return namedExecution(context, runId);
}
