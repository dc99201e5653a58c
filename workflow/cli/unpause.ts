import { commandsOf, stepText } from '../../functions/shared/commands.ts';
import { pauseShareOf } from '../../functions/shared/cost/history.ts';
import { pauseWaitSeconds, unpauseRun } from '../../functions/shared/ledger/control.ts';
import { runStageCommand, stageCommand } from './command.ts';
import { askedBy, changedMeanwhile, changeRun, controlledRun, sayControlled } from './control-run.ts';
import { duration } from '../../functions/shared/format.ts';

const command = stageCommand('unpause', 'Lets a paused run go on.', 'pause and caps of the run').argument(
  '<runId>',
  'run, as npm run runs lists it',
);

await runStageCommand(command, async ({ context, terminal, args: [runId = ''] }) => {
  const run = await controlledRun(context, runId);
  const asked = askedBy(context);
  if (!(await changeRun(context, runId, (ledger) => unpauseRun(ledger, runId, asked))))
    throw await changedMeanwhile(context, runId);
  const seconds = pauseWaitSeconds(run.paused ?? asked, {
    now: Date.parse(asked.at),
    // Where each iteration has a history of its own, workers look more often than that.
    ...pauseShareOf(run.plan, 'INLINE'),
  });
  const sentence = `Run ${runId} goes on. Each of its workers looks again within ${duration(seconds)}, at the latest.`;
  const next = stepText(['Follow it', commandsOf(context).follow(runId)]);
  return sayControlled(context, { runId, sentence, next }, terminal);
});
