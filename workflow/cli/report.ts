import { reportOfRun } from './collect-report.ts';
import { runStageCommand, stageCommand } from './command.ts';
import { saveReport } from './save-report.ts';

const command = stageCommand(
  'report',
  'Writes the report of a run as a page, and prints its path.',
  'the report',
).argument('<runId>', 'run, as npm run runs lists it');

await runStageCommand(command, async ({ context, terminal, args: [runId = ''] }) => {
  const view = await reportOfRun(context, runId);
  terminal.say(await saveReport(view));
  if (terminal.json) terminal.document(view.report);
  return 0;
});
