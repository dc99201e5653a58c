import { findRun } from '../../functions/shared/ledger/run.ts';
import { pageCommand, runStageCommand, type StageOptions } from './command.ts';
import type { OperatorContext } from './context.ts';
import { startAndFollow } from './follow-to-report.ts';
import { OperatorError } from './operator-error.ts';

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
  await refusePlanned(context, runId);
  const { confirm } = options;
  const input = { runId, ...(confirm === undefined ? {} : { confirm }) };
  return startAndFollow(context, { machine: 'rollback', input }, terminal);
});

/** The machine answers for such a run that it has ended well, which is not what was asked for. */
async function refusePlanned({ ledger }: OperatorContext, runId: string): Promise<void> {
  const run = await findRun(ledger, runId);
  if (run?.status !== 'PLANNED') return;
  throw new OperatorError(
    `Run ${runId} is a dry run: it has created no table, so there is nothing to roll back. Nothing was changed.`,
  );
}
