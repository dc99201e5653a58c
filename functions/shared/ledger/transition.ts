import { ABSENT, checkItem, deleteItem, type Expected, updateItem } from './actions.ts';
import { begunAgain } from './begun-again.ts';
import { type LedgerTable, runKey } from './ledger-table.ts';
import { type Lock, lockKeyOf, lockPut } from './lock.ts';
import { findRun, type Run, type RunStatus } from './run.ts';
import { transact, type TransactItem } from './transact.ts';
import { newWarnings, warningChange } from './warnings.ts';

/** Every change of status there is. Anything else is refused before it reaches the ledger. */
export const TRANSITIONS: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  /** CANCELLED: a compare whose execution has died. It leaves nothing behind. */
  RUNNING: ['SUCCEEDED', 'PLANNED', 'HELD', 'ROLLING_BACK', 'CANCELLED'],
  HELD: ['RUNNING', 'ROLLING_BACK'],
  ROLLING_BACK: ['ROLLED_BACK', 'ROLLBACK_FAILED'],
  ROLLBACK_FAILED: ['ROLLING_BACK'],
  /** Only a confirmed roll back. */
  SUCCEEDED: ['ROLLING_BACK'],
  /** By `resume`, which applies the plan. */
  PLANNED: ['RUNNING'],
  ROLLED_BACK: [],
  /** To itself: another execution works on the sync from now on. CANCELLED: somebody has removed its lock by hand. */
  SYNCING: ['SYNCING', 'SWITCHING', 'CANCELLING', 'CANCELLED'],
  SWITCHING: ['SWITCHING', 'SYNCING', 'SWITCHED', 'CANCELLING', 'CANCELLED'],
  CANCELLING: ['CANCELLING', 'CANCELLED'],
  SWITCHED: [],
  CANCELLED: [],
};

/** Statuses that nothing but an operator leaves. */
export function isEndStatus(status: RunStatus): boolean {
  return !WITHOUT_END.has(status);
}

const WITHOUT_END: ReadonlySet<RunStatus> = new Set([
  'RUNNING',
  'ROLLING_BACK',
  'HELD',
  'SYNCING',
  'SWITCHING',
  'CANCELLING',
]);

export interface Transition {
  /** The run as it was read: status, execution and claim must still be these. */
  readonly run: Run;
  readonly to: RunStatus;
  /** What must hold beyond that. */
  readonly if?: Expected;
  /** What else changes with the status. */
  readonly facts?: Partial<Omit<Run, 'runId' | 'status' | 'changedBy' | 'warnings'>>;
  /** Sentences that are added to the run's warnings, each at most once. Others may add some since the run was read. */
  readonly warnings?: readonly string[];
  /** What no longer holds. */
  readonly remove?: readonly (keyof Run)[];
  /**
   * `keep`: the lock must be the run's and stays. `release`: it goes in the same transaction. `take`: it is
   * free or the run's, and becomes the run's. `none`: a step called alone that has no lock.
   */
  readonly lock: 'keep' | 'release' | 'take' | 'none';
  /** Holder to note with `take`; default: the run's execution. */
  readonly holder?: Omit<Lock, 'runId'>;
  /** Unique to the call, to recognise an answer that was lost. */
  readonly writer: string;
}

function lockItem(ledger: LedgerTable, { run, lock, holder }: Transition): readonly TransactItem[] {
  const isOurs = { runId: run.runId };
  switch (lock) {
    case 'keep':
      return [checkItem(ledger, lockKeyOf(run), isOurs)];
    case 'release':
      return [deleteItem(ledger, lockKeyOf(run), isOurs)];
    case 'take':
      return [
        lockPut(ledger, run, holder ?? { executionArn: run.executionArn, startTime: run.executionStartTime }),
      ];
    case 'none':
      return [];
  }
}

/** A step called alone leaves no report, and a sync writes its own. */
const isReported = ({ kind }: Run, to: RunStatus): boolean =>
  (kind === 'migrate' || kind === 'restore') && (isEndStatus(to) || to === 'HELD');

function runItem(
  ledger: LedgerTable,
  { run, to, if: expected, facts, warnings = [], remove = [], writer }: Transition,
): TransactItem {
  return updateItem(ledger, runKey(run.runId), {
    // A call that another one has taken over from must not end the run, and free its lock, under the other's hands.
    if: { status: run.status, changedBy: run.changedBy, claim: run.claim ?? ABSENT, ...expected },
    set: { ...facts, ...(isReported(run, to) && { reporting: 'PENDING' }), status: to, changedBy: writer },
    ...warningChange(newWarnings(run, warnings)),
    remove,
  });
}

/** The run as it was read, with what the change has written. */
function changed({ run, to, facts = {}, warnings = [], remove = [], writer }: Transition): Run {
  const written = Object.entries(facts).filter(([, fact]) => fact !== undefined);
  const gone: readonly string[] = remove;
  const kept = Object.entries(run).filter(([name]) => !gone.includes(name));
  const reporting = isReported(run, to) ? ({ reporting: 'PENDING' } as const) : {};
  const after = Object.fromEntries([...kept, ...written]) as unknown as Run;
  return {
    ...after,
    ...reporting,
    warnings: [...run.warnings, ...newWarnings(run, warnings).kept],
    status: to,
    changedBy: writer,
  };
}

/**
 * Changes a run's status, and its lock with it, in one transaction.
 *
 * @returns the run afterwards, without what others may have added to it since it was read; `undefined` when somebody
 *   else changed its status, or the lock, first.
 * @throws TransientError, the SDK's errors; safe to repeat with the same `writer`.
 */
export async function transition(
  ledger: LedgerTable,
  change: Transition,
  extra: readonly TransactItem[] = [],
): Promise<Run | undefined> {
  const { run, to, writer } = change;
  if (!TRANSITIONS[run.status].includes(to)) throw new Error(`A run cannot go from ${run.status} to ${to}.`);
  const again = to === 'RUNNING' || to === 'ROLLING_BACK' ? [begunAgain(ledger, run.runId)] : [];
  if (await transact(ledger, [runItem(ledger, change), ...lockItem(ledger, change), ...again, ...extra]))
    return changed(change);
  // Where an answer was lost and the call repeated, the refusal is that of our own first attempt.
  const after = await findRun(ledger, run.runId);
  return after?.changedBy === writer ? after : undefined;
}
