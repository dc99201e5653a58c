import { RunClosedError } from '../errors.ts';
import { executionNameOf } from '../names.ts';
import type { Clock } from '../retry.ts';
import { ABSENT, absentOrBelow, oneOf, putItem } from './actions.ts';
import type { Holder } from './begin.ts';
import { executionPut } from './execution-record.ts';
import { createLookout } from './fence.ts';
import { type LedgerTable, lockKey, runKey, switchedKey } from './ledger-table.ts';
import { findLock } from './lock.ts';
import type { Arrived, Compared, Gap } from './sync-facts.ts';
import { findRun, type Run, type RunStatus } from './run.ts';
import { get, readTogether, updateIf } from './store.ts';
import type { TransactItem } from './transact.ts';
import { isEndStatus, type Transition, transition } from './transition.ts';

/**
 * The sync of a source table that has no end yet. It keeps the table's lock, whether an execution works on it or not.
 * Strongly consistent.
 */
export async function findOpenSync(ledger: LedgerTable, sourceTable: string): Promise<Run | undefined> {
  const lock = await findLock(ledger, sourceTable);
  const run = lock && (await findRun(ledger, lock.runId));
  return run?.kind === 'sync' && !isEndStatus(run.status) ? run : undefined;
}

/** What keeps a late call from writing for a sync. */
export interface SyncFence {
  /** As it was read at entry. */
  readonly sync: Run;
  /**
   * To be awaited directly before every write into a target: returns at once while the last look is younger than 5 s.
   *
   * @throws RunClosedError when the sync is no longer SYNCING, or has lost its lock; not retried
   */
  check(): Promise<void>;
}

/** Stands guard over a sync that was read at `readAt` (epoch milliseconds). */
export function guardSync(ledger: LedgerTable, clock: Clock, sync: Run, readAt: number): SyncFence {
  const look = async (): Promise<void> => {
    const [run, lock] = await readTogether(ledger, [runKey(sync.runId), lockKey(sync.sourceTable)]);
    const { status } = (run ?? {}) as Partial<Run>;
    if (status === 'SYNCING' && lock?.['runId'] === sync.runId) return;
    throw new RunClosedError(
      `Sync ${sync.runId} is ${status ?? 'no longer in the ledger'}: this call changes nothing more.`,
    );
  };
  return { sync, check: createLookout(clock, look, readAt) };
}

/** The execution that works on a sync now, as its holder. */
export function ownHolder({ executionArn, executionStartTime }: Run): Holder {
  return { executionName: executionNameOf(executionArn), executionArn, startTime: executionStartTime };
}

/** The run whose transform the target shows: what its context is made of, and the source. */
export type FollowedRun = Pick<Run, 'runId' | 'startedAt' | 'settings' | 'sourceTable'>;

/** What a sync or a compare follows. @throws RunClosedError (not retried) where it follows nothing */
export function followedRunOf({ runId, follows, settings, sourceTable }: Run): FollowedRun {
  if (follows === undefined)
    throw new RunClosedError(
      `The ledger does not say which run ${runId} follows. Nothing was changed. Cancel it, then start the sync again.`,
    );
  return { runId: follows.runId, startedAt: follows.startedAt, settings, sourceTable };
}

/** How a call changes a sync. */
export interface SyncChange extends Pick<Transition, 'to' | 'if' | 'facts' | 'remove'> {
  readonly run: Run;
  /** The step of that execution, so that its changes are told apart. */
  readonly step: string;
  /** The execution of the sync machine that works on the sync from now on. */
  readonly holder: Holder;
  /** Whether the source's lock goes with it. */
  readonly releases?: boolean;
}

/**
 * Changes a sync's status, or only who works on it, by a conditional write. Idempotent for the same holder and status.
 *
 * @returns the sync afterwards; `undefined` when somebody else has changed it first
 * @throws TransientError, the SDK's errors
 */
export async function changeSync(
  ledger: LedgerTable,
  change: SyncChange,
  extra: readonly TransactItem[] = [],
): Promise<Run | undefined> {
  const { run, step, holder, releases = false } = change;
  const { executionArn, startTime } = holder;
  const facts = { ...change.facts, executionArn, executionStartTime: startTime };
  const writer = `sync:${executionArn}:${startTime}:${step}`;
  const lock = releases ? 'release' : 'keep';
  const { run: _run, step: _step, holder: _holder, releases: _releases, ...kept } = change;
  return transition(ledger, { ...kept, run, facts, lock, writer }, [
    await executionPut(ledger, run.runId, holder),
    ...extra,
  ]);
}

/**
 * Notes that a change record has arrived although nothing is to be written any more.
 *
 * @returns whether it is noted; `false`: the sync is no longer SWITCHING, or another call has noted one meanwhile
 */
export function noteArrival(
  ledger: LedgerTable,
  { runId, arrived }: Pick<Run, 'runId' | 'arrived'>,
  { key, at, count, newestChangeAt = at }: Arrived,
): Promise<boolean> {
  const noted: Arrived =
    arrived === undefined
      ? { key, at, count, newestChangeAt }
      : {
          ...arrived,
          count: arrived.count + count,
          newestChangeAt: Math.max(arrived.newestChangeAt ?? arrived.at, newestChangeAt),
        };
  return updateIf(ledger, runKey(runId), {
    if: { status: 'SWITCHING', arrivals: arrived === undefined ? ABSENT : arrived.count },
    set: { arrived: noted, arrivals: noted.count },
  });
}

/** A gap as facts of a run: its time once more, for conditions. */
export function gapFacts(gap: Gap): Pick<Run, 'gap' | 'gapAt'> {
  return { gap, gapAt: gap.at };
}

/**
 * Notes that changes may have been missed until now. A known gap moves forward, never back.
 *
 * @param facts noted with the gap
 * @returns whether it is noted; `false`: the sync has ended or is being cancelled, or a later gap is known
 */
export function noteGap(
  ledger: LedgerTable,
  runId: string,
  gap: Gap,
  facts: Pick<Run, 'failedBatches'> = {},
): Promise<boolean> {
  return updateIf(ledger, runKey(runId), {
    if: { status: oneOf(...COMPARED_IN), gapAt: absentOrBelow(gap.at) },
    set: { ...gapFacts(gap), ...facts },
  });
}

/**
 * Notes that what made a lasting gap is over: a compare can close it.
 *
 * @param run as it was read
 * @returns whether it is noted; `false`: the sync has ended or is being cancelled, or has no such gap any more
 */
export async function noteGapOver(
  ledger: LedgerTable,
  { runId, gap }: Pick<Run, 'runId' | 'gap'>,
): Promise<boolean> {
  if (gap?.isLasting !== true) return false;
  const { at, reason } = gap;
  return updateIf(ledger, runKey(runId), {
    if: { status: oneOf(...COMPARED_IN), gapAt: at },
    set: gapFacts({ at, reason }),
  });
}

/**
 * Notes that the queue of failed batches holds another number of them, without a gap.
 *
 * @param run as it was read: the number that it has noted must still be this one
 * @returns whether it is noted; `false`: the sync has ended or is being cancelled, or somebody else has noted a number
 */
export function noteFailedBatches(
  ledger: LedgerTable,
  { runId, failedBatches }: Pick<Run, 'runId' | 'failedBatches'>,
  count: number,
): Promise<boolean> {
  return updateIf(ledger, runKey(runId), {
    if: { status: oneOf(...COMPARED_IN), failedBatches: failedBatches ?? ABSENT },
    set: { failedBatches: count },
  });
}

/**
 * Notes since when the mapping of an open sync cannot deliver.
 *
 * @param run as it was read
 * @param since epoch milliseconds; `undefined`: it can deliver
 * @returns whether it is noted; `false`: the sync has ended or is being cancelled, or somebody else has noted another time
 */
export function noteUndelivered(
  ledger: LedgerTable,
  { runId, undeliveredSince }: Pick<Run, 'runId' | 'undeliveredSince'>,
  since: number | undefined,
): Promise<boolean> {
  return updateIf(ledger, runKey(runId), {
    if: { status: oneOf(...COMPARED_IN), undeliveredSince: undeliveredSince ?? ABSENT },
    ...(since === undefined ? { remove: ['undeliveredSince'] } : { set: { undeliveredSince: since } }),
  });
}

/**
 * Notes what a compare has come to, by a conditional write. A compare without a sync ends with it. Safe to repeat.
 *
 * @param run as it was read: its status, and the execution that works on it, must still be these
 * @returns whether it is noted; `false`: the run is no longer open for that execution
 */
export async function noteCompared(ledger: LedgerTable, run: Run, compared: Compared): Promise<boolean> {
  const { runId, kind, status, executionArn } = run;
  if (kind !== 'compare')
    return updateIf(ledger, runKey(runId), { if: { status, executionArn }, set: { compared } });
  const facts = { compared, finishedAt: new Date(compared.finishedAt).toISOString() };
  const writer = `compared:${executionArn}`;
  const ended = await transition(ledger, { run, to: 'SUCCEEDED', lock: 'release', facts, writer });
  return ended !== undefined;
}

/** The condition under which nothing has arrived since SWITCHING was written. */
export const NOTHING_ARRIVED = { arrivals: ABSENT } as const;

/** What is noted of a table that the shop has switched to. */
export interface Switched {
  /** The sync's id. */
  readonly syncId: string;
  /** ISO 8601. */
  readonly switchedAt: string;
  /** DynamoDB's TableId of the table; absent in records of earlier versions, and where the engine gives none. */
  readonly tableId?: string | undefined;
}

/** Part of the transaction that writes SWITCHED. */
export function switchedPut(ledger: LedgerTable, table: string, switched: Switched): TransactItem {
  const { syncId, switchedAt, tableId } = switched;
  const item = { syncId, switchedAt, ...(tableId !== undefined && { tableId }) };
  return putItem(ledger, switchedKey(table), { item });
}

/** Strongly consistent; `undefined`: no sync has ended with a switch to a table of this name. */
export function findSwitched(ledger: LedgerTable, table: string): Promise<Switched | undefined> {
  return get<Switched>(ledger, switchedKey(table));
}

/** Statuses in which a compare of a sync may go on. */
export const COMPARED_IN: readonly RunStatus[] = ['SYNCING', 'SWITCHING'];

/** What a compare rests on: a cut over compares twice in one execution, first without and then with repairs. */
export function comparedOn({ executionArn, status }: Pick<Run, 'executionArn' | 'status'>): string {
  return `${executionArn}#${status}`;
}
