import { RunClosedError } from '../errors.ts';
import { type LedgerKey, type LedgerTable, runKey } from './ledger-table.ts';
import { readTogether } from './store.ts';
import { ClaimLostError, type Claims } from './claims.ts';
import { type Lock, lockKeyOf } from './lock.ts';
import type { Run, RunStatus } from './run.ts';
import type { Clock } from '../retry.ts';

/** No request begins on a look that is older than this. */
const LOOK_MILLIS = 5_000;
/** A look is renewed at this age already, so that a slow read does not stop the writers. */
const RENEW_MILLIS = 2_500;

/** Keeps a worker from changing anything for a run that is closed, or that another call works on. */
export interface Fence {
  /** The run as it was read at entry, or by the first look. */
  readonly run: Run;
  /**
   * To be awaited directly before every request that changes something: returns at once while the last look is
   * younger than 5 s.
   *
   * @throws RunClosedError when the run is no longer open for this execution, or has lost its lock; not retried.
   * @throws ClaimLostError when another call has taken over the record; the worker leaves the rest to that call.
   */
  check(): Promise<void>;
  /** Throws as {@link check} where a look has found that. Looks at nothing itself, so that who waits can stop waiting. */
  throwIfClosed(): void;
  /** The run as the last look has seen it. A look that is due begins in the background, so that the next answer is newer. */
  latest(): Run;
}

/** The record that a call has claimed, and the call's id. */
export interface Hold {
  readonly key: LedgerKey;
  readonly call: string;
}

/** {@link Fence} of a call that has claimed a record. */
export interface HeldFence<Held extends Claims> extends Fence {
  /** The claimed record as the first look has seen it. */
  readonly record: Held;
}

/** Statuses in which a worker may go on. */
export type OpenStatuses = readonly RunStatus[];

const RUNNING: OpenStatuses = ['RUNNING'];

export interface FenceScope {
  /** Absent: RUNNING alone. */
  readonly openIn?: OpenStatuses | undefined;
  readonly ledger: LedgerTable;
  readonly clock: Clock;
  readonly runId: string;
  readonly executionArn: string;
}

/** Whether an earlier call of its last step has committed the run, in this execution. */
export const isCommittedBy = (run: Run, { executionArn }: { readonly executionArn: string }): boolean =>
  (run.status === 'SUCCEEDED' || run.status === 'PLANNED') && run.executionArn === executionArn;

/** @throws RunClosedError (not retried) when the run is not RUNNING, or what is given, for this execution */
export function assertOpen(run: Run, executionArn: string, openIn: OpenStatuses = RUNNING): void {
  if (!openIn.includes(run.status))
    throw new RunClosedError(
      `Run ${run.runId} is ${run.status}: this worker was late and changed nothing more.`,
    );
  if (run.executionArn !== executionArn)
    throw new RunClosedError(
      `Run ${run.runId} is worked on by ${run.executionArn} now: this worker belongs to ${executionArn} and changed nothing more.`,
    );
}

/** @throws RunClosedError (not retried) when the lock is not the run's */
function assertLocked(run: Run, lock: Lock | undefined): void {
  if (lock?.runId === run.runId) return;
  const holder = lock === undefined ? 'nobody has it' : `run ${lock.runId} has it`;
  throw new RunClosedError(
    `Run ${run.runId} no longer has the lock of table ${run.sourceTable} (${holder}): this worker changed nothing more. Somebody has removed the lock from the ledger by hand.`,
  );
}

/** What a look has seen. */
interface Seen {
  readonly run: Run;
  /** Empty where no record is claimed. */
  readonly record: Claims;
}

/** One strongly consistent read of run, lock and claimed record. */
async function look(
  { ledger, executionArn, openIn }: FenceScope,
  known: Run,
  hold: Hold | undefined,
): Promise<Seen> {
  const [run, lock, record = {}] = await readTogether(ledger, [
    runKey(known.runId),
    lockKeyOf(known),
    ...(hold === undefined ? [] : [hold.key]),
  ]);
  if (run === undefined)
    throw new RunClosedError(
      `Run ${known.runId} is no longer in the ledger ${ledger.tableName}: this worker changed nothing more. Somebody has removed it by hand.`,
    );
  const seen = run as unknown as Run;
  assertOpen(seen, executionArn, openIn);
  assertLocked(known, lock as Lock | undefined);
  const held = record as Claims;
  if (hold !== undefined && held.claim !== hold.call)
    throw new ClaimLostError(
      `Another call works on ${hold.key.SK} of run ${known.runId} now; this one changed nothing more.`,
    );
  return { run: seen, record: held };
}

/**
 * Runs a look before requests that are due, at most one at a time; a look counts from its beginning.
 *
 * @param lookedAt epoch milliseconds of the look that was made already; absent: none
 */
export function createLookout(
  clock: Clock,
  lookAgain: () => Promise<void>,
  lookedAt = Number.NEGATIVE_INFINITY,
): () => Promise<void> {
  let seenAt = lookedAt;
  let pending: Promise<void> | undefined;
  const renew = async (): Promise<void> => {
    const startedAt = clock.now();
    try {
      await lookAgain();
      seenAt = startedAt;
    } finally {
      pending = undefined;
    }
  };
  return async () => {
    const age = clock.now() - seenAt;
    if (age < RENEW_MILLIS) return;
    pending ??= renew();
    if (age >= LOOK_MILLIS) return pending;
    pending.catch(() => undefined);
  };
}

/**
 * Stands guard over a run that was read at that time (epoch milliseconds), strongly consistent.
 *
 * @throws RunClosedError; not retried
 */
export function fenceOf(scope: FenceScope, run: Run, readAt: number): Fence {
  assertOpen(run, scope.executionArn, scope.openIn);
  return standGuard(scope, { known: run, readAt });
}

/**
 * Looks at the run, and stands guard over it. The look is made after the claim was written, which is what makes the
 * claim safe.
 *
 * @param known the run as it was read before the claim: it says where its lock is
 * @throws RunClosedError (not retried); ClaimLostError.
 */
export async function raiseHeldFence<Held extends Claims>(
  scope: FenceScope,
  { known, hold }: { readonly known: Run; readonly hold: Hold },
): Promise<HeldFence<Held>> {
  const readAt = scope.clock.now();
  const { run, record } = await look(scope, known, hold);
  return { ...standGuard(scope, { known: run, readAt, hold }), record: record as Held };
}

/** A run as it was read at that time (epoch milliseconds), and the record that is claimed. */
interface Guarded {
  readonly known: Run;
  readonly readAt: number;
  readonly hold?: Hold;
}

function standGuard(scope: FenceScope, { known: run, readAt, hold }: Guarded): Fence {
  let seen = run;
  // A run that is closed to a call stays closed to it.
  let closed: RunClosedError | ClaimLostError | undefined;
  const { clock } = scope;
  const lookAgain = async (): Promise<void> => {
    try {
      seen = (await look(scope, run, hold)).run;
    } catch (error) {
      if (error instanceof RunClosedError || error instanceof ClaimLostError) closed = error;
      throw error;
    }
  };
  const throwIfClosed = (): void => {
    if (closed !== undefined) throw closed;
  };
  const lookOut = createLookout(clock, lookAgain, readAt);
  const check = async (): Promise<void> => {
    throwIfClosed();
    await lookOut();
  };
  const latest = (): Run => {
    check().catch(() => undefined);
    return seen;
  };
  return { run, check, throwIfClosed, latest };
}
