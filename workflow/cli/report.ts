import { commandsOf, stepText } from '../../functions/shared/commands.ts';
import { findRun } from '../../functions/shared/ledger/run.ts';
import type { OperatorContext } from './context.ts';
import { REFUSED } from './exit-codes.ts';
import { namedExecution } from './named-execution.ts';
import { OperatorError } from './operator-error.ts';
import { reportOfRun } from './collect-report.ts';
import { pageCommand, runStageCommand } from './command.ts';
import { RUN_ARGUMENT, runNamed } from './newest-run.ts';
import { saveReport } from './save-report.ts';

const command = pageCommand(
  'report',
  'Writes the report of a run as a page, and prints its path.',
  'the report',
).argument(...RUN_ARGUMENT);

await runStageCommand(command, async ({ context, terminal, args: [named] }) => {
  const runId = await runNamed(context, named);
  if ((await findRun(context.ledger, runId)) === undefined) throw await withoutRun(context, runId);
  const view = await reportOfRun(context, runId);
  if (terminal.json) terminal.document(view.report);
  terminal.say(await saveReport(view, terminal.out));
  return 0;
});

/** `npm run runs` lists starts that were refused as well. */
async function withoutRun(context: OperatorContext, name: string): Promise<OperatorError> {
  await namedExecution(context, name);
  return new OperatorError(
    `Execution ${name} has begun no run of its own, so the ledger has no report of it.`,
    REFUSED,
    stepText(['See how it ended', commandsOf(context).follow(name)]),
  );
}
