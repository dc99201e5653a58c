import { throttleRun } from '../../functions/shared/ledger/control.ts';
import { findRun } from '../../functions/shared/ledger/run.ts';
import { count } from '../../functions/shared/counted.ts';
import { UNITS_PER_SECOND } from '../../functions/shared/runs/parse-input.ts';
import { InvalidArgumentError } from 'commander';
import { anyNumber, runStageCommand, type StageOptions, stageCommand } from './command.ts';
import { askedBy, changeRun, controlledRun, notRunning, sayControlled } from './control-run.ts';
import { WRONG_USAGE } from './exit-codes.ts';
import { OperatorError } from './operator-error.ts';
import { throttleSentence } from './throttle-sentence.ts';

interface Options extends StageOptions {
  readonly write?: number;
  readonly read?: number;
}

/** A cap that the input of a run may give, too, or 0 for none. */
function capNumber(text: string): number {
  const { least, most } = UNITS_PER_SECOND;
  const units = anyNumber(text);
  if (units === 0 || (units >= least && units <= most)) return units;
  throw new InvalidArgumentError(`Give ${least} to ${count(most)} units a second, or 0 for no cap.`);
}

const command = stageCommand(
  'throttle',
  'Gives a running run other caps. They take effect within 5 s. Requests that are under way end as they are. A bulk put that has begun keeps its cap.',
  'pause and caps of the run',
)
  .argument('<runId>', 'run, as npm run runs lists it')
  .option('--write <units>', 'cap on writing, in units a second over all workers; 0: none', capNumber)
  .option(
    '--read <units>',
    'cap on reading of each table, in units a second over all workers; 0: none',
    capNumber,
  );

await runStageCommand<Options>(command, async ({ context, terminal, options, args: [runId = ''] }) => {
  const { read, write } = options;
  if (read === undefined && write === undefined)
    throw new OperatorError('Say --write, --read or both. Nothing was changed.', WRONG_USAGE);
  const run = await controlledRun(context, runId);
  const caps = {
    ...(read !== undefined && { readUnitsPerSecond: read }),
    ...(write !== undefined && { writeUnitsPerSecond: write }),
  };
  const asked = askedBy(context);
  if (!(await changeRun(context, runId, (ledger) => throttleRun(ledger, runId, { asked, caps }))))
    throw notRunning(context, (await findRun(context.ledger, runId)) ?? run);
  const sentence = throttleSentence(run, caps, context.region);
  return sayControlled(context, { runId, sentence }, terminal);
});
