import { reportOfRun } from './collect-report.ts';
import { runStageCommand, type StageOptions, stageCommand } from './command.ts';
import { saveReport } from './save-report.ts';
import { processTerminal } from './terminal.ts';

interface Options extends StageOptions {
  readonly json?: boolean;
}

const command = stageCommand('report', 'Writes the report of a run as a page, and prints its path.')
  .argument('<runId>', 'run, as npm run runs lists it')
  .option('--json', 'print the report as one JSON document, and the path on standard error');

await runStageCommand<Options>(command, async (context, options, [runId = '']) => {
  const terminal = processTerminal(options);
  const view = await reportOfRun(context, runId);
  terminal.say(await saveReport(view));
  if (options.json === true) terminal.document(view.report);
  return 0;
});
