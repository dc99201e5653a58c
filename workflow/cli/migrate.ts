import { runStageCommand, type StageOptions, stageCommand } from './command.ts';
import { startExecution } from './executions.ts';
import { followToReport, printConsoleLink } from './follow-to-report.ts';
import { addMigrateOptions, type MigrateOptions, migrateInput } from './input-options.ts';
import { processTerminal } from './terminal.ts';

interface Options extends StageOptions, MigrateOptions {
  readonly json?: boolean;
}

const command = addMigrateOptions(
  stageCommand('migrate', 'Starts the deployed migration and follows it to its end.'),
).option('--json', 'print the report as one JSON document, everything else on standard error');

await runStageCommand<Options>(command, async (context, options) => {
  const terminal = processTerminal(options);
  const executionArn = await startExecution(context, 'migrate', { input: migrateInput(options) });
  terminal.say(`Execution  ${executionArn}`);
  printConsoleLink(context, executionArn, terminal);
  terminal.say();
  return followToReport(context, executionArn, terminal);
});
