import type { Attempt } from '../../functions/shared/ledger/run-facts.ts';
import type { RunStatus } from '../../functions/shared/ledger/run.ts';
import type { OperatorContext } from './context.ts';
import { executionPath } from './executions.ts';
import type { Pictures } from './run-record.ts';
import type { StateVisit } from './state-visits.ts';

/**
 * The way of a run through the states of all its executions, with the time between two of them as a visit of its own.
 * An execution whose history is gone, or cannot be read, is left out.
 */
export async function runWay(
  { sfn }: Pick<OperatorContext, 'sfn'>,
  attempts: readonly Attempt[] | undefined,
  executionArn: string,
): Promise<Way> {
  const wayOf = (arn: string): Promise<Way> => executionPath(sfn, arn).catch(() => NO_WAY);
  if (attempts === undefined) return wayOf(executionArn);
  const ways = await Promise.all(attempts.map((attempt) => wayOf(attempt.executionArn)));
  const path = ways.flatMap((way, index) => [...awayBefore(attempts, index), ...way.path]);
  return { ...ways[0], path };
}

/** The visits, and the machine of the first execution. */
type Way = Pick<Pictures, 'path' | 'machine'>;

/** Of an execution that Step Functions does not know any more. */
const NO_WAY: Way = { path: [] };

const AWAY_NAMES: Readonly<Partial<Record<RunStatus, string>>> = {
  HELD: 'Held',
  PLANNED: 'Planned',
  SUCCEEDED: 'Succeeded',
  ROLLBACK_FAILED: 'RollBackFailed',
};

/** The time before an attempt, in which no execution has worked on the run. */
function awayBefore(attempts: readonly Attempt[], index: number): readonly StateVisit[] {
  const [before, next] = [attempts[index - 1], attempts[index]];
  if (before === undefined || next === undefined) return [];
  const [enteredAt, leftAt] = [Date.parse(before.finishedAt), Date.parse(next.startedAt)];
  const awaySeconds = Math.max(0, (leftAt - enteredAt) / 1_000);
  const state = AWAY_NAMES[before.status] ?? 'Stopped';
  return [{ state, type: 'Away', enteredAt, leftAt, outcome: 'done', awaySeconds }];
}
