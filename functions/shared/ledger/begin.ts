import { RunClosedError, RunIdUsedError } from '../errors.ts';
import { executionKey, type LedgerTable, runKey, versioned } from './ledger-table.ts';
import { findLockOf, type Lock, lockKeyOf } from './lock.ts';
import { findRun, type Run } from './run.ts';
import { transact } from './transact.ts';
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
  'status' | 'changedBy' | 'executionArn' | 'executionStartTime' | 'warnings'
> & {
  readonly warnings?: readonly string[];
};

/** The run of this id, if this very holder has begun it before (a retry, or an answer that was lost). */
async function alreadyBegun(ledger: LedgerTable, runId: string, holder: Holder): Promise<Run | undefined> {
  const run = await findRun(ledger, runId);
  if (run === undefined) return undefined;
  if (run.executionArn !== holder.executionArn || run.executionStartTime !== holder.startTime)
    throw new RunIdUsedError(
      `A run ${runId} exists already; it started at ${run.executionStartTime}. Nothing was changed. Start the execution under another name.`,
    );
  if (run.status !== 'RUNNING')
    throw new RunClosedError(
      `Run ${runId} is ${run.status} and does not go on. To migrate again, start a new execution.`,
    );
  return run;
}

/**
 * Writes run, execution and lock in one transaction. Idempotent for the same holder.
 *
 * @throws RunIdUsedError, RunClosedError; not retried.
 */
export async function beginRun(ledger: LedgerTable, newRun: NewRun, holder: Holder): Promise<Begun> {
  const begun = await alreadyBegun(ledger, newRun.runId, holder);
  if (begun !== undefined) return { outcome: 'BEGUN', run: begun };
  const run: Run = {
    ...newRun,
    status: 'RUNNING',
    warnings: newRun.warnings ?? [],
    executionArn: holder.executionArn,
    executionStartTime: holder.startTime,
    changedBy: `begin:${holder.executionArn}`,
  };
  const isBegun = await transact(ledger, beginItems(ledger, run, holder));
  return isBegun ? { outcome: 'BEGUN', run } : afterRefusal(ledger, newRun, holder);
}

async function afterRefusal(ledger: LedgerTable, newRun: NewRun, holder: Holder): Promise<Begun> {
  const begun = await alreadyBegun(ledger, newRun.runId, holder);
  if (begun !== undefined) return { outcome: 'BEGUN', run: begun };
  const lock = await findLockOf(ledger, newRun);
  return lock === undefined ? beginRun(ledger, newRun, holder) : { outcome: 'LOCKED', lock };
}

function beginItems(ledger: LedgerTable, run: Run, holder: Holder) {
  const TableName = ledger.tableName;
  const { runId, executionArn } = run;
  const { startTime, executionName } = holder;
  const expiry = holder.expiresAt === undefined ? {} : { expiresAt: holder.expiresAt };
  const ConditionExpression = 'attribute_not_exists(PK)';
  return [
    {
      Put: {
        TableName,
        Item: { ...runKey(runId), ...versioned, entity: 'RUN', ...run },
        ConditionExpression,
      },
    },
    {
      Put: {
        TableName,
        Item: { ...executionKey(executionName), ...versioned, runId, executionArn, startTime },
      },
    },
    {
      Put: {
        TableName,
        Item: { ...lockKeyOf(run), ...versioned, runId, executionArn, startTime, ...expiry },
        ConditionExpression,
      },
    },
  ];
}

/**
 * Whether a RUNNING run was held before. Its tables have been read by people and perhaps used by the shop meanwhile:
 * from then on it writes by condition only, into its own tables as well.
 */
export function isResumed({ changedBy }: Run): boolean {
  return changedBy.startsWith('resume:');
}

/**
 * Lets a held run go on under another execution: status, lock and execution in one transaction. Idempotent
 * for the same holder.
 *
 * @returns `undefined` when the run is not HELD any more, or its lock is somebody else's.
 */
export async function resumeRun(
  ledger: LedgerTable,
  run: Run,
  holder: Holder,
  facts: Partial<Pick<Run, 'codeVersion' | 'parameters' | 'warnings'>> = {},
): Promise<Run | undefined> {
  if (run.status === 'RUNNING' && run.executionArn === holder.executionArn) return run;
  if (run.status !== 'HELD') return undefined;
  const { executionName, executionArn, startTime } = holder;
  const Item = { ...executionKey(executionName), ...versioned, runId: run.runId, executionArn, startTime };
  const change = {
    run,
    to: 'RUNNING',
    lock: 'take',
    holder,
    writer: `resume:${executionArn}:${startTime}`,
    facts: { ...facts, executionArn, executionStartTime: startTime },
  } as const;
  return transition(ledger, change, [{ Put: { TableName: ledger.tableName, Item } }]);
}
