import { commandsOf, type StagePlace, stepText } from '../../../functions/shared/commands.ts';
import { findNewest, type Run } from '../../../functions/shared/ledger/run.ts';
import { isEndStatus } from '../../../functions/shared/ledger/transition.ts';
import { findOpenSync } from '../../../functions/shared/ledger/sync.ts';
import type { OperatorContext } from '../context.ts';

/** The newest sync of a stage. An open one is its source's, strongly consistent. */
export async function newestSync({ ledger }: OperatorContext): Promise<Run | undefined> {
  const newest = await findNewest(ledger, ({ kind }) => kind === 'sync');
  return newest && ((await findOpenSync(ledger, newest.sourceTable)) ?? newest);
}

export const isOpen = ({ status }: Run): boolean => !isEndStatus(status);

/** Why there is nothing to show, and below it the command that starts a sync. */
export function noSyncSentence(newest: Run | undefined, place: StagePlace): string {
  const start = stepText(['Start one', commandsOf(place).startSync({})]);
  if (newest === undefined) return `No sync is open.\n${start}`;
  const { runId, status, finishedAt = newest.startedAt } = newest;
  const before = `The last one, ${runId}, has been ${status} since ${finishedAt}.`;
  return status === 'SWITCHED'
    ? `No sync is open. ${before} The shop uses the target.`
    : `No sync is open. ${before}\n${start}`;
}
