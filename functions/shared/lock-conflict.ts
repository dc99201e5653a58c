import { LockHeldError } from './errors.ts';
import { type HolderScope, isDead } from './holder.ts';
import type { LedgerTable } from './ledger/ledger-table.ts';
import type { Lock } from './ledger/lock.ts';
import { findRun, type Run } from './ledger/run.ts';

/** The run to be settled first, by us or by whoever is at it already. */
export type LockConflict = { readonly settle: Run };

function heldError(sourceTable: string, lock: Lock, run: Run | undefined): LockHeldError {
  const since = `since ${lock.startTime}`;
  if (run?.status === 'HELD')
    return new LockHeldError(
      `Table ${sourceTable} is held by run ${lock.runId} (HELD ${since}). Nothing was changed. Go on with it by starting migrate with {"resume": "${lock.runId}"}, or take it back by starting rollback with {"runId": "${lock.runId}"}; then start again.`,
    );
  return new LockHeldError(
    `Table ${sourceTable} is being worked on by run ${lock.runId} (${lock.executionArn}, ${since}). Nothing was changed. Wait until it ends, or stop that execution: it is then taken back by itself and the table is free.`,
  );
}

/**
 * Decides about a lock in the way: a dead holder's run, or one that is being taken back, is to be settled first.
 *
 * @throws LockHeldError naming the holder and how to release it, when it lives or holds on purpose; not retried.
 */
export async function resolveLockConflict(
  scope: HolderScope & { readonly ledger: LedgerTable },
  sourceTable: string,
  lock: Lock,
): Promise<LockConflict> {
  const run = await findRun(scope.ledger, lock.runId);
  // Being taken back already: that ends by itself, and then the table is free.
  if (run?.status === 'ROLLING_BACK') return { settle: run };
  if (run === undefined || run.status === 'HELD' || !(await isDead(scope, lock)))
    throw heldError(sourceTable, lock, run);
  return { settle: run };
}
