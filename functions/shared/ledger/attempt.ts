import type { Run } from './run.ts';
import type { Attempt } from './run-facts.ts';

/**
 * What the present execution has done of the run so far.
 *
 * @param now epoch milliseconds: the end of an attempt that has none
 */
export function presentAttempt(run: Run, now: number): Attempt {
  const { status, finishedAt } = run;
  const end = status === 'RUNNING' || finishedAt === undefined ? new Date(now).toISOString() : finishedAt;
  return { ...executionOf(run), finishedAt: end, status };
}

/** A roll back by another execution than the run's own begins with its mark. */
function executionOf(run: Run): Pick<Attempt, 'executionArn' | 'startedAt'> {
  const { status, executionArn, executionStartTime, recoveryOwner = executionArn, markedAt } = run;
  const isRolledBack = status === 'ROLLED_BACK' || status === 'ROLLBACK_FAILED';
  return isRolledBack && recoveryOwner !== executionArn && markedAt !== undefined
    ? { executionArn: recoveryOwner, startedAt: new Date(markedAt).toISOString() }
    : { executionArn, startedAt: executionStartTime };
}

/** All attempts at a run, for its report; `undefined` where one execution has done everything. */
export function attemptsOf(run: Run, now: number): readonly Attempt[] | undefined {
  return run.attempts === undefined ? undefined : [...run.attempts, presentAttempt(run, now)];
}

/** Seconds that executions have worked on a run, without the time between them. */
export function workedSeconds(attempts: readonly Attempt[]): number {
  return attempts.reduce(
    (sum, { startedAt, finishedAt }) => sum + (Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000,
    0,
  );
}
