import { commandsOf, type StagePlace, type Step, stepText } from '../commands.ts';
import { LockHeldError } from '../errors.ts';
import { type HolderScope, isDead } from './holder.ts';
import { beginRun, type Holder, type NewRun } from '../ledger/begin.ts';
import type { LedgerTable } from '../ledger/ledger-table.ts';
import { findLock, findLockOf, type Lock, lockTableOf, removeLock } from '../ledger/lock.ts';
import { findRun, type Run } from '../ledger/run.ts';
import { warnRun } from '../ledger/run-update.ts';
import { isEndStatus } from '../ledger/transition.ts';

/** A run that has begun, or the one that must be recovered first, by us or by another call. */
export type BegunOrRecover =
  | { readonly outcome: 'BEGUN'; readonly run: Run }
  | { readonly outcome: 'RECOVER'; readonly run: Run };

/**
 * Begins a run, or names the run in its way: one whose holder is dead, or that is being rolled back. A lock that no run
 * needs is removed, and named in the report of the run that begins.
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
  const met = await meetLock(scope.ledger, lockTableOf(newRun), answer.lock);
  if (met.kind === 'held') return { outcome: 'RECOVER', run: await recoverable(scope, met) };
  const warnings = [...(newRun.warnings ?? []), ...met.sentences];
  return beginOrRecover(scope, { ...newRun, warnings }, holder);
}

/**
 * Why a run of this table would be refused that began now; `undefined` where nothing is in its way. Changes nothing.
 *
 * @param resume run that would go on: its own lock is not in its way
 */
export async function lockRefusal(
  scope: ConflictScope,
  table: string,
  resume: unknown,
): Promise<LockHeldError | undefined> {
  const lock = await findLock(scope.ledger, table);
  if (lock === undefined || lock.runId === resume) return undefined;
  const run = await findRun(scope.ledger, lock.runId);
  // The run that begins frees a lock that no run needs.
  if (run === undefined || isEndStatus(run.status)) return undefined;
  return refusalOf(scope, { kind: 'held', table, lock, run });
}

/**
 * What a run finds that could not take its lock. A lock that no run needs is removed, and the run is warned of it.
 *
 * @returns whether the run may try again; or who has the lock
 */
export async function meetOtherLock(
  ledger: LedgerTable,
  run: Run,
): Promise<HeldLock | { readonly kind: 'free' | 'freed' }> {
  const lock = await findLockOf(ledger, run);
  if (lock === undefined || lock.runId === run.runId) return { kind: 'free' };
  const met = await meetLock(ledger, lockTableOf(run), lock);
  if (met.kind === 'freed') await warnRun(ledger, run, met.sentences);
  return met;
}

type ConflictScope = HolderScope & {
  readonly ledger: LedgerTable;
  readonly config: StagePlace;
};

/** A lock in the way, and the run that needs it. */
export interface HeldLock {
  readonly kind: 'held';
  readonly table: string;
  readonly lock: Lock;
  readonly run: Run;
}

/** The lock is gone. The sentence, if any, belongs in the report of the run that it was in the way of. */
interface FreedLock {
  readonly kind: 'freed';
  readonly sentences: readonly string[];
}

/**
 * A run's end removes its lock in the same transaction. A lock whose run has ended was put back by hand, and one whose
 * run is not in the ledger is left of a run that somebody has removed. Nothing else would ever free them. The workers of
 * such a run, even of one that is still alive, find no run and change nothing more.
 */
async function meetLock(ledger: LedgerTable, table: string, lock: Lock): Promise<HeldLock | FreedLock> {
  const { runId, executionArn, startTime } = lock;
  const run = await findRun(ledger, runId);
  if (run !== undefined && !isEndStatus(run.status)) return { kind: 'held', table, lock, run };
  // No sentence if the run has only ended since we met its lock.
  if (!(await removeLock(ledger, table, lock))) return { kind: 'freed', sentences: [] };
  const sentence =
    run === undefined
      ? `The lock of table ${table} named run ${runId} (${executionArn}, since ${startTime}), which is not in the ledger ${ledger.tableName}. The lock was removed. Tables that carry the tag migration:run = ${runId} belong to that run; nothing was done to them.`
      : `The lock of table ${table} named run ${runId}, which has ended (${run.status}). The lock was removed.`;
  return { kind: 'freed', sentences: [sentence] };
}

/**
 * The run of a lock, if it is to be recovered: its holder is dead, or it is being rolled back.
 *
 * @throws LockHeldError naming the holder and how to release the lock, when the holder is alive or HELD; not retried.
 */
async function recoverable(scope: ConflictScope, held: HeldLock): Promise<Run> {
  const refusal = await refusalOf(scope, held);
  if (refusal !== undefined) throw refusal;
  return held.run;
}

async function refusalOf(scope: ConflictScope, held: HeldLock): Promise<LockHeldError | undefined> {
  const { lock, run } = held;
  // Being rolled back already: that ends without help, and then the lock is free.
  if (run.status === 'ROLLING_BACK') return undefined;
  // No execution need stand behind these two.
  const isKept = run.status === 'HELD' || run.kind === 'sync';
  return isKept || !(await isDead(scope, lock)) ? heldError(scope.config, held) : undefined;
}

function heldError(place: StagePlace, held: HeldLock): LockHeldError {
  return new LockHeldError(`${heldText(held)} Nothing was changed.`, stepText(...waysToFree(place, held)));
}

function heldText({ table, lock, run }: HeldLock): string {
  const { runId, executionArn, startTime, expiresAt } = lock;
  const since = `since ${startTime}`;
  if (run.status === 'HELD')
    return `Table ${table} is locked by run ${runId} (HELD since ${run.finishedAt ?? startTime}).`;
  if (run.kind === 'sync')
    return `Table ${table} is locked by sync ${runId} (${run.status}, begun at ${run.startedAt}), which keeps the target in step with it.`;
  if (expiresAt !== undefined)
    return `Table ${table} is being worked on by ${run.step ?? 'a step'}, which was called alone (run ${runId}, ${since}). If that call has died, its lock counts until ${new Date(expiresAt).toISOString()}.`;
  const lockOf = keepsLock(run) ? 'and keeps the lock' : 'and the lock released';
  return `Table ${table} is being worked on by run ${runId} (${executionArn}, ${since}). ${stoppedText(run)} ${lockOf}.`;
}

/** Whether a run is held once its execution has died. */
export const keepsLock = ({ kind, parameters }: Pick<Run, 'kind' | 'parameters'>): boolean =>
  kind !== 'compare' && parameters.onFailure === 'hold';

/** What becomes of a run at work whose execution dies: the beginning of a sentence. */
export function stoppedText(run: Pick<Run, 'kind' | 'parameters'>): string {
  const what =
    run.kind === 'compare' ? 'the compare is ended' : `the run is ${keepsLock(run) ? 'held' : 'rolled back'}`;
  return `If that execution is stopped, ${what} automatically`;
}

/** What an operator can do about a lock in the way. */
export function waysToFree(place: StagePlace, { lock: { runId }, run }: HeldLock): readonly Step[] {
  const { migrate, rollBack, cancelSync, cutOver, follow, runs } = commandsOf(place);
  if (run.status === 'HELD')
    return [
      ['Resume that run', migrate({ resume: runId })],
      ['Or roll it back, which releases the lock', rollBack(runId)],
    ];
  if (run.kind === 'sync')
    return [
      ['See what a cut over needs', cutOver({ dryRun: true })],
      ['Or cancel the sync, which releases the lock', cancelSync()],
    ];
  if (run.kind === 'manual') return [['Wait until it is no longer RUNNING in the list', runs()]];
  return [['Wait until it ends', follow(runId)]];
}
