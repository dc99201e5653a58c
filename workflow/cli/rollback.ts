import { pageCommand, runStageCommand, type StageOptions } from './command.ts';
import { startAndFollow } from './follow-to-report.ts';

interface Options extends StageOptions {
  readonly confirm?: string;
}

const command = pageCommand('rollback', 'Rolls a run back: removes what it created, and nothing else.')
  .argument('<runId>', 'run, as npm run runs lists it')
  .option(
    '--confirm <runId>',
    'for a run that succeeded: its id once more, or the latest run that relies on it',
  );

await runStageCommand<Options>(command, async ({ context, terminal, options, args: [runId = ''] }) => {
  const { confirm } = options;
  const input = { runId, ...(confirm === undefined ? {} : { confirm }) };
  return startAndFollow(context, { machine: 'rollback', input }, terminal);
});
