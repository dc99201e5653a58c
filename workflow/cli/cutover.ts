import { type Command, Option } from 'commander';
import { runStageCommand, type StageOptions, pageCommand, wholeNumber } from './command.ts';
import { WRONG_USAGE } from './exit-codes.ts';
import { commandsOf, type StagePlace, stepText } from '../../functions/shared/commands.ts';
import { startAndFollow } from './follow-to-report.ts';

interface Options extends StageOptions {
  readonly dryRun?: boolean;
  readonly frozen?: boolean;
  readonly maxQuarantined?: number;
}

const command: Command = pageCommand(
  'cutover',
  'Switches the shop from the source to the target of the open sync.',
  'the report',
)
  .option('--dry-run', 'list the checks, the steps and how to freeze the source; change nothing')
  .addOption(new Option('--frozen', 'nobody writes to the source any more: cut over').conflicts('dryRun'))
  .option(
    '--max-quarantined <count>',
    'switch although as many source items cannot be transformed',
    wholeNumber,
  );

await runStageCommand<Options>(command, ({ context, terminal, options }) => {
  const { dryRun, frozen, maxQuarantined } = options;
  if (dryRun !== true && frozen !== true) refuse(context);
  const input = { action: 'cutover', dryRun, frozen, maxQuarantined };
  return startAndFollow(context, { machine: 'sync', input }, terminal);
});

function refuse(place: StagePlace): never {
  const { cutOver } = commandsOf(place);
  const next = stepText(
    ['List the checks, and the commands that freeze the source', cutOver({ dryRun: true })],
    ['When writes have stopped', cutOver({ frozen: true })],
  );
  command.error(
    `error: a cut over needs a source that nobody writes to, and only you can say so. Nothing was started.\n${next}`,
    { exitCode: WRONG_USAGE },
  );
}
