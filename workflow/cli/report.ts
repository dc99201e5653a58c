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
  const view = await reportOfRun(context, await runNamed(context, named));
  if (terminal.json) terminal.document(view.report);
  terminal.say(await saveReport(view, terminal.out));
  return 0;
});
