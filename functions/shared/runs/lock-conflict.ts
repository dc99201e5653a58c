import { commandsOf, stepText } from '../commands.ts';
import { LockHeldError } from '../errors.ts';
import { type HolderScope, isDead } from './holder.ts';
import { beginRun, type Holder, type NewRun } from '../ledger/begin.ts';
import type { LedgerTable } from '../ledger/ledger-table.ts';
import { type Lock, lockTableOf, removeLock } from '../ledger/lock.ts';
import { findRun, type Run } from '../ledger/run.ts';
import { isEndStatus } from '../ledger/transition.ts';

/** A run that has begun, or the one that must be recovered first, by us or by another call. */
export type BegunOrRecover =
  | { readonly outcome: 'BEGUN'; readonly run: Run }
  | { readonly outcome: 'RECOVER'; readonly run: Run };

/**
 * Begins a run, or names the run in its way: one whose holder is dead, or that is being rolled back. A lock whose run has
 * ended or is not in the ledger is removed, and named in the report of the run that begins.
 *
 * @throws LockHeldError naming the holder and how to release it; RunIdUsedError, RunClosedError. None is retried.
 */
export async function beginOrRecover(
  scope: ConflictScope,
  newRun: NewRun,
  holder: Holder,
): Promise<BegunOrRecover> {
  const answer = await beginRun(scope.ledger, newRun, holder);
  if (answer.outcome === 'BEGUN') return answer;
  const { recover, freed } = await resolveLockConflict(scope, lockTableOf(newRun), answer.lock);
  if (recover !== undefined) return { outcome: 'RECOVER', run: recover };
  return beginOrRecover(scope, { ...newRun, warnings: [...(newRun.warnings ?? []), ...freed] }, holder);
}

type ConflictScope = HolderScope & {
  readonly ledger: LedgerTable;
  readonly config: { readonly stage: string };
};

/**
 * `recover`: the run to be rolled back first, by us or by another call. `freed`: the lock named a run that does not need
 * it, and is gone now. The sentence, if any, belongs in the report of the run that begins.
 */
type LockConflict =
  | { readonly recover: Run; readonly freed?: undefined }
  | { readonly recover?: undefined; readonly freed: readonly string[] };

function heldError(
  { config: { stage } }: ConflictScope,
  { sourceTable, lock, run }: Conflict,
): LockHeldError {
  const { migrate, rollBack, cancelSync, cutOver, follow } = commandsOf(stage);
  const since = `since ${lock.startTime}`;
  if (run?.status === 'HELD')
    return new LockHeldError(
      `Table ${sourceTable} is locked by run ${lock.runId} (HELD ${since}). Nothing was changed.`,
      stepText(
        ['Resume that run', migrate({ resume: lock.runId })],
        ['Or roll it back, which releases the lock', rollBack(lock.runId)],
      ),
    );
  if (run?.kind === 'sync')
    return new LockHeldError(
      `Table ${sourceTable} is locked by sync ${lock.runId} (${run.status} ${since}), which keeps the target in step with it. Nothing was changed.`,
      stepText(
        ['See what a cut over needs', cutOver({ dryRun: true })],
        ['Or cancel the sync, which releases the lock', cancelSync()],
      ),
    );
  return new LockHeldError(
    `Table ${sourceTable} is being worked on by run ${lock.runId} (${lock.executionArn}, ${since}). Nothing was changed. If that execution is stopped, the run is rolled back automatically and the lock released.`,
    stepText(['Wait until it ends', follow(lock.runId)]),
  );
}

/** A lock in the way, and its run; `undefined`: the ledger has none. */
interface Conflict {
  readonly sourceTable: string;
  readonly lock: Lock;
  readonly run: Run | undefined;
}

/**
 * Removes a lock whose run somebody has removed from the ledger, because nothing else would ever free it. The workers of
 * such a run find no run either, and change nothing more.
 */
async function freeOrphan(ledger: LedgerTable, sourceTable: string, lock: Lock): Promise<LockConflict> {
  await removeLock(ledger, sourceTable, lock.runId);
  return {
    freed: [
      `The lock of table ${sourceTable} named run ${lock.runId} (${lock.executionArn}, since ${lock.startTime}), which is not in the ledger ${ledger.tableName}. The lock was removed. Tables that carry the tag migration:run = ${lock.runId} belong to that run; nothing was done to them.`,
    ],
  };
}

/**
 * A run's end removes its lock in the same transaction. A lock that exists all the same was put back by hand, and nothing
 * else would ever free it.
 */
async function freeEnded(ledger: LedgerTable, sourceTable: string, run: Run): Promise<LockConflict> {
  // No sentence if the run has only ended since we met its lock.
  if (!(await removeLock(ledger, sourceTable, run.runId))) return { freed: [] };
  return {
    freed: [
      `The lock of table ${sourceTable} named run ${run.runId}, which has ended (${run.status}). The lock was removed.`,
    ],
  };
}

/**
 * Decides about a lock in the way. A dead holder's run, or one that is being rolled back, is to be recovered first.
 *
 * @throws LockHeldError naming the holder and how to release the lock, when the holder is alive or HELD; not retried.
 */
async function resolveLockConflict(
  scope: ConflictScope,
  sourceTable: string,
  lock: Lock,
): Promise<LockConflict> {
  const run = await findRun(scope.ledger, lock.runId);
  // Being rolled back already: that ends without help, and then the lock is free.
  if (run?.status === 'ROLLING_BACK') return { recover: run };
  if (run !== undefined && isEndStatus(run.status)) return freeEnded(scope.ledger, sourceTable, run);
  // No execution need stand behind these two.
  const isKept = run?.status === 'HELD' || run?.kind === 'sync';
  if (isKept || !(await isDead(scope, lock))) throw heldError(scope, { sourceTable, lock, run });
  return run === undefined ? freeOrphan(scope.ledger, sourceTable, lock) : { recover: run };
}
