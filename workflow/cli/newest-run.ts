import { commandsOf, stepText } from '../../functions/shared/commands.ts';
import { listRuns } from '../../functions/shared/ledger/run.ts';
import type { OperatorContext } from './context.ts';
import { REFUSED } from './exit-codes.ts';
import { OperatorError } from './operator-error.ts';

/** What a command on one run takes. */
export const RUN_ARGUMENT = ['[runId]', 'run, as npm run runs lists it (default: the newest)'] as const;

/** The run that a command names, or the stage's newest. @throws OperatorError where there is none. */
export async function runNamed(
  context: Pick<OperatorContext, 'ledger' | 'stage' | 'region' | 'typed'>,
  named: string | undefined,
): Promise<string> {
  if (named !== undefined) return named;
  const { ledger, stage } = context;
  const [newest] = await listRuns(ledger, 1);
  if (newest !== undefined) return newest.runId;
  throw new OperatorError(
    `Stage ${stage} has no runs yet.`,
    REFUSED,
    stepText(['Start one', commandsOf(context).migrate({})]),
  );
}
