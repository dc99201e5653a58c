import { reportOfRun } from './collect-report.ts';
import { pageCommand, runStageCommand } from './command.ts';
import { saveReport } from './save-report.ts';

const command = pageCommand(
  'report',
  'Writes the report of a run as a page, and prints its path.',
  'the report',
).argument('<runId>', 'run, as npm run runs lists it');

await runStageCommand(command, async ({ context, terminal, args: [runId = ''] }) => {
  const view = await reportOfRun(context, runId);
  if (terminal.json) terminal.document(view.report);
  terminal.say(await saveReport(view, terminal.out));
  return 0;
});
