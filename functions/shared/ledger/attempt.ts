import type { Run } from './run.ts';
import type { Attempt } from './run-facts.ts';

/**
 * What the present execution has done of the run so far.
 *
 * @param now epoch milliseconds: the end of an attempt that has none
 */
function presentAttempt(run: Run, now: number): Attempt {
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

/** Earlier attempts that a run keeps one by one: its ledger item has its limit. */
const MAX_ATTEMPTS = 100;

/** What a run keeps of its attempts when another execution takes it from the present one. @param now as above */
export function earlierAttempts(run: Run, now: number): Pick<Run, 'attempts' | 'attemptsLeftOut'> {
  const all = [...(run.attempts ?? []), presentAttempt(run, now)];
  const attempts = all.slice(-MAX_ATTEMPTS);
  const others = all.slice(0, -MAX_ATTEMPTS);
  if (others.length === 0) return { attempts };
  const { count = 0, workedSeconds = 0 } = run.attemptsLeftOut ?? {};
  return {
    attempts,
    attemptsLeftOut: {
      count: count + others.length,
      workedSeconds: workedSeconds + secondsOf(others),
    },
  };
}

/** Every attempt at a run, for its report. */
export interface Attempts {
  /** The newest, in their order, the present one last. */
  readonly attempts: readonly Attempt[];
  /** Attempts before these. Absent: none. */
  readonly attemptsLeftOut?: number;
  /** Seconds that executions have worked on the run, without the time between them. */
  readonly workedSeconds: number;
}

/** All attempts at a run; `undefined` where one execution has done everything. */
export function attemptsOf(run: Run, now: number): Attempts | undefined {
  if (run.attempts === undefined) return undefined;
  const attempts = [...run.attempts, presentAttempt(run, now)];
  const { count, workedSeconds = 0 } = run.attemptsLeftOut ?? {};
  return {
    attempts,
    ...(count !== undefined && { attemptsLeftOut: count }),
    workedSeconds: workedSeconds + secondsOf(attempts),
  };
}

/** Seconds of work on a run that is at its end, without the time between two executions; `undefined`: it is not. */
export function workedSecondsOf(run: Run): number | undefined {
  const { status, startedAt, finishedAt } = run;
  if (finishedAt === undefined || status === 'RUNNING' || status === 'ROLLING_BACK') return undefined;
  const end = Date.parse(finishedAt);
  return attemptsOf(run, end)?.workedSeconds ?? (end - Date.parse(startedAt)) / 1_000;
}

function secondsOf(attempts: readonly Attempt[]): number {
  return attempts.reduce(
    (sum, { startedAt, finishedAt }) => sum + (Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000,
    0,
  );
}
