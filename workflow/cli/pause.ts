import { commandsOf, stepText } from '../../functions/shared/commands.ts';
import { pauseRun } from '../../functions/shared/ledger/control.ts';
import { isBulk } from '../../functions/shared/ledger/run.ts';
import { runStageCommand, stageCommand } from './command.ts';
import { askedBy, changedMeanwhile, changeRun, controlledRun, sayControlled } from './control-run.ts';

const command = stageCommand(
  'pause',
  'Pauses a running run: its workers save how far they are and stop within seconds. The run keeps its lock, tables and files.',
  'pause and caps of the run',
).argument('<runId>', 'run, as npm run runs lists it');

await runStageCommand(command, async ({ context, terminal, args: [runId = ''] }) => {
  const run = await controlledRun(context, runId);
  const asked = askedBy(context);
  if (!(await changeRun(context, runId, (ledger) => pauseRun(ledger, runId, asked))))
    throw await changedMeanwhile(context, runId);
  const sentence = `Run ${runId} is paused. Workers of a Map begin no request after 5 s; any other state ends first.${isBulk(run) ? ' A bulk put that has begun goes on in DynamoDB.' : ''}`;
  const next = stepText(['Let it go on', commandsOf(context).unpause(runId)]);
  return sayControlled(context, { runId, sentence, next }, terminal);
});
