import { RunClosedError, RunIdUsedError } from '../errors.ts';
import { NEW, putItem } from './actions.ts';
import { earlierAttempts } from './attempt.ts';
import { executionDelete, executionPut } from './execution-record.ts';
import { type LedgerTable, runKey } from './ledger-table.ts';
import { findLockOf, type Lock, lockKeyOf } from './lock.ts';
import { findRun, type Run, type RunStatus } from './run.ts';
import type { FollowedTable } from './sync-facts.ts';
import { announcement } from './table-record.ts';
import { transact, type TransactItem } from './transact.ts';
import { transition } from './transition.ts';

/** Who begins, resumes or holds a run. */
export interface Holder {
  readonly executionName: string;
  readonly executionArn: string;
  /** ISO 8601. */
  readonly startTime: string;
  /** Epoch milliseconds; for a step called alone. */
  readonly expiresAt?: number;
}

export type Begun =
  | { readonly outcome: 'BEGUN'; readonly run: Run }
  | { readonly outcome: 'LOCKED'; readonly lock: Lock };

/** A run that has not begun: the rest is filled in here. */
export type NewRun = Omit<
  Run,
  'status' | 'changedBy' | 'executionArn' | 'executionStartTime' | 'resumed' | 'warnings'
> & {
  readonly warnings?: readonly string[];
};

/** A sync follows the source from its first moment. */
const firstStatusOf = ({ kind }: Pick<Run, 'kind'>): RunStatus => (kind === 'sync' ? 'SYNCING' : 'RUNNING');

/** The run of this id, if this very holder has begun it before (a retry, or an answer that was lost). */
async function alreadyBegun(
  ledger: LedgerTable,
  { runId, kind }: NewRun,
  holder: Holder,
): Promise<Run | undefined> {
  const run = await findRun(ledger, runId);
  if (run === undefined) return undefined;
  if (run.executionArn !== holder.executionArn || run.executionStartTime !== holder.startTime)
    throw new RunIdUsedError(
      `A run ${runId} exists already; it started at ${run.executionStartTime}. Nothing was changed. Start the execution under another name.`,
    );
  if (run.status !== firstStatusOf({ kind }))
    throw new RunClosedError(`Run ${runId} is ${run.status} and cannot continue.`);
  return run;
}

/**
 * Writes run, execution and lock in one transaction; a sync also announces its tables. Idempotent for the same holder.
 *
 * @throws RunIdUsedError, RunClosedError; not retried.
 */
export async function beginRun(ledger: LedgerTable, newRun: NewRun, holder: Holder): Promise<Begun> {
  const run: Run = {
    ...newRun,
    status: firstStatusOf(newRun),
    warnings: newRun.warnings ?? [],
    executionArn: holder.executionArn,
    executionStartTime: holder.startTime,
    resumed: false,
    changedBy: `begin:${holder.executionArn}`,
  };
  const isBegun = await transact(ledger, await beginItems(ledger, run, holder));
  return isBegun ? { outcome: 'BEGUN', run } : afterRefusal(ledger, newRun, holder);
}

async function afterRefusal(ledger: LedgerTable, newRun: NewRun, holder: Holder): Promise<Begun> {
  const begun = await alreadyBegun(ledger, newRun, holder);
  if (begun !== undefined) return { outcome: 'BEGUN', run: begun };
  const lock = await findLockOf(ledger, newRun);
  return lock === undefined ? beginRun(ledger, newRun, holder) : { outcome: 'LOCKED', lock };
}

/** A sync works in its tables from its beginning on. */
const tablesOf = ({ kind, follows }: Run): readonly FollowedTable[] =>
  kind === 'sync' ? (follows?.tables ?? []) : [];

async function beginItems(ledger: LedgerTable, run: Run, holder: Holder): Promise<readonly TransactItem[]> {
  const { executionArn, startTime, expiresAt } = holder;
  const lock = { runId: run.runId, executionArn, startTime, ...(expiresAt !== undefined && { expiresAt }) };
  return [
    putItem(ledger, runKey(run.runId), { item: { entity: 'RUN', ...run }, if: NEW }),
    await executionPut(ledger, run.runId, holder),
    putItem(ledger, lockKeyOf(run), { item: lock, if: NEW }),
    ...tablesOf(run).map(({ name }) => announcement(ledger, { runId: run.runId, name })),
  ];
}

/**
 * Lets a held or planned run go on under another execution: status, lock and execution in one transaction. Idempotent
 * for the same holder.
 *
 * @returns `undefined` when the run is neither HELD nor PLANNED any more, or its lock is somebody else's.
 */
export async function resumeRun(
  ledger: LedgerTable,
  run: Run,
  holder: Holder,
  {
    warnings = [],
    ...facts
  }: Partial<Pick<Run, 'parameters' | 'plan' | 'warnings' | 'targetMaking' | 'plannedAt'>> = {},
): Promise<Run | undefined> {
  if (run.status === 'RUNNING' && run.executionArn === holder.executionArn) return run;
  if (run.status !== 'HELD' && run.status !== 'PLANNED') return undefined;
  const { executionArn, startTime } = holder;
  // A plan that is applied has no tables yet that anybody could have used.
  const resumed = run.resumed || run.status === 'HELD';
  const attempts = earlierAttempts(run, ledger.clock.now());
  const change = {
    run,
    to: 'RUNNING',
    lock: 'take',
    holder,
    writer: `resume:${executionArn}:${startTime}`,
    facts: { ...facts, ...attempts, resumed, executionArn, executionStartTime: startTime },
    warnings,
    remove: ['paused'],
  } as const;
  return transition(ledger, change, [await executionPut(ledger, run.runId, holder)]);
}

/**
 * Makes an applied plan a plan again, before anything was done for it: as it was, and without its execution's record.
 *
 * @param before who has applied it, and the plan before that
 */
export async function returnPlan(
  ledger: LedgerTable,
  run: Run,
  { holder, plan }: { readonly holder: Holder } & Pick<Run, 'plan'>,
): Promise<void> {
  const change = {
    run,
    to: 'PLANNED',
    lock: 'release',
    writer: `return:${run.executionArn}`,
    facts: { plan, parameters: { ...run.parameters, dryRun: true } },
  } as const;
  await transition(ledger, change, [await executionDelete(ledger, holder)]);
}
