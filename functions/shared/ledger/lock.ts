import { absentOr, putItem } from './actions.ts';
import { type LedgerKey, type LedgerTable, lockKey } from './ledger-table.ts';
import type { Run } from './run.ts';
import { deleteIf, get } from './store.ts';
import type { TransactItem } from './transact.ts';

/** Who may change things for a source table, or fill up a restored one. */
export interface Lock {
  readonly runId: string;
  /** ARN of the execution, or `manual:<run id>:<request id>` of a step called alone. */
  readonly executionArn: string;
  /** ISO 8601. */
  readonly startTime: string;
  /** Epoch milliseconds; only a step called alone has one, because no execution tells whether it lives. */
  readonly expiresAt?: number;
}

type Locking = Pick<Run, 'sourceTable' | 'lockTable'>;

/** The table that a run keeps others from. */
export function lockTableOf({ sourceTable, lockTable = sourceTable }: Locking): string {
  return lockTable;
}

/** The lock that a run works under. */
export function lockKeyOf(run: Locking): LedgerKey {
  return lockKey(lockTableOf(run));
}

/** Removes a lock, if this holder still has it for this run. Idempotent. @returns whether it was there */
export function removeLock(
  ledger: LedgerTable,
  table: string,
  { runId, executionArn }: Pick<Lock, 'runId' | 'executionArn'>,
): Promise<boolean> {
  return deleteIf(ledger, lockKey(table), { runId, executionArn });
}

/** Strongly consistent. */
export function findLock(ledger: LedgerTable, table: string): Promise<Lock | undefined> {
  return get<Lock>(ledger, lockKey(table));
}

/** {@link findLock} of the table that a run keeps others from. */
export function findLockOf(ledger: LedgerTable, run: Locking): Promise<Lock | undefined> {
  return findLock(ledger, lockTableOf(run));
}

/** Takes the lock of a run's table for a holder, or renews it: it is free, or names the run already. */
export function lockPut(
  ledger: LedgerTable,
  run: Locking & Pick<Run, 'runId'>,
  holder: Omit<Lock, 'runId'>,
): TransactItem {
  const { executionArn, startTime, expiresAt } = holder;
  const item: Lock = {
    runId: run.runId,
    executionArn,
    startTime,
    ...(expiresAt !== undefined && { expiresAt }),
  };
  return putItem(ledger, lockKeyOf(run), { item: { ...item }, if: { runId: absentOr(run.runId) } });
}
