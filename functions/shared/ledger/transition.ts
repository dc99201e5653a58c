import { type LedgerTable, runKey, versioned } from './ledger-table.ts';
import { lockKeyOf } from './lock.ts';
import { findRun, type Run, type RunStatus } from './run.ts';
import { setExpression } from './run-update.ts';
import { transact, type TransactItem } from './transact.ts';

/** Every change of status there is. Anything else is refused before it reaches the ledger. */
export const transitions: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  RUNNING: ['SUCCEEDED', 'PLANNED', 'HELD', 'ROLLING_BACK'],
  HELD: ['RUNNING', 'ROLLING_BACK'],
  ROLLING_BACK: ['ROLLED_BACK', 'ROLLBACK_FAILED'],
  ROLLBACK_FAILED: ['ROLLING_BACK'],
  /** Only a confirmed roll back. */
  SUCCEEDED: ['ROLLING_BACK'],
  PLANNED: [],
  ROLLED_BACK: [],
};

/** Statuses that nothing but an operator leaves. */
export function isEndStatus(status: RunStatus): boolean {
  return status !== 'RUNNING' && status !== 'ROLLING_BACK' && status !== 'HELD';
}

export interface Transition {
  /** The run as it was read: status, execution and claim must still be these. */
  readonly run: Run;
  readonly to: RunStatus;
  /** What else changes with the status. */
  readonly facts?: Partial<Omit<Run, 'runId' | 'status' | 'changedBy'>>;
  /**
   * `keep`: the lock must be the run's and stays. `release`: it goes in the same transaction. `take`: it is
   * free or the run's, and becomes the run's. `none`: a step called alone that has no lock.
   */
  readonly lock: 'keep' | 'release' | 'take' | 'none';
  /** Holder to note with `take`; default: the run's execution. */
  readonly holder?: {
    readonly executionArn: string;
    readonly startTime: string;
    readonly expiresAt?: number;
  };
  /** Unique to the call, to recognise an answer that was lost. */
  readonly writer: string;
}

function lockItem(ledger: LedgerTable, { run, lock, holder }: Transition): readonly TransactItem[] {
  const target = { TableName: ledger.tableName, Key: lockKeyOf(run) };
  const ExpressionAttributeValues = { ':run': run.runId };
  switch (lock) {
    case 'keep':
      return [
        { ConditionCheck: { ...target, ConditionExpression: 'runId = :run', ExpressionAttributeValues } },
      ];
    case 'release':
      return [{ Delete: { ...target, ConditionExpression: 'runId = :run', ExpressionAttributeValues } }];
    case 'take': {
      const { executionArn, startTime, ...expiry } = holder ?? {
        executionArn: run.executionArn,
        startTime: run.executionStartTime,
      };
      const Item = { ...target.Key, ...versioned, runId: run.runId, executionArn, startTime, ...expiry };
      const ConditionExpression = 'attribute_not_exists(PK) OR runId = :run';
      return [{ Put: { TableName: target.TableName, Item, ConditionExpression, ExpressionAttributeValues } }];
    }
    case 'none':
      return [];
  }
}

function runItem(ledger: LedgerTable, { run, to, facts, writer }: Transition): TransactItem {
  const set = setExpression({ ...facts, status: to, changedBy: writer });
  // A call that another one has taken over from must not end the run, and free its lock, under the other's hands.
  const claimIsSame = run.claim === undefined ? 'attribute_not_exists(claim)' : 'claim = :claimBefore';
  return {
    Update: {
      TableName: ledger.tableName,
      Key: runKey(run.runId),
      UpdateExpression: set.UpdateExpression,
      ConditionExpression: `#status = :from AND changedBy = :before AND ${claimIsSame}`,
      ExpressionAttributeNames: set.ExpressionAttributeNames,
      ExpressionAttributeValues: {
        ...set.ExpressionAttributeValues,
        ':from': run.status,
        ':before': run.changedBy,
        ...(run.claim === undefined ? {} : { ':claimBefore': run.claim }),
      },
    },
  };
}

/**
 * Changes a run's status, and its lock with it, in one transaction.
 *
 * @returns the run afterwards, or `undefined` when somebody else changed it, or the lock, first.
 * @throws TransientError, the SDK's errors; safe to repeat with the same `writer`.
 */
export async function transition(
  ledger: LedgerTable,
  change: Transition,
  extra: readonly TransactItem[] = [],
): Promise<Run | undefined> {
  const { run, to, writer } = change;
  if (!transitions[run.status].includes(to)) throw new Error(`A run cannot go from ${run.status} to ${to}.`);
  // Refused or not: where an answer was lost and the call repeated, the refusal is that of our own first attempt.
  await transact(ledger, [runItem(ledger, change), ...lockItem(ledger, change), ...extra]);
  const after = await findRun(ledger, run.runId);
  return after?.changedBy === writer ? after : undefined;
}
