import { pauseShareOf } from '../cost/history.ts';
import {
  assertOpen,
  type Fence,
  type HeldFence,
  type OpenStatuses,
  raiseHeldFence,
} from '../ledger/fence.ts';
import { ClaimLostError, type Claims } from '../ledger/claims.ts';
import { capsOf, pauseWaitSeconds } from '../ledger/control.ts';
import type { Asked, Caps } from '../ledger/run-facts.ts';
import type { Run } from '../ledger/run.ts';
import { findShard, readRunAndShard, type Shard, type ShardState } from '../ledger/shard.ts';
import type { TransactItem } from '../ledger/transact.ts';
import { type Clock, isTransient, retry } from '../retry.ts';
import { type Deadlines, deadlinesOf, type Runtime, type Turn } from '../runtime.ts';
import {
  type Checkpoint,
  checkpointBehind,
  NOTHING_DONE,
  type Progress,
  shardOn,
  startedOver,
} from './checkpoint.ts';
import { claimShard, type ShardClaim } from './shard-claim.ts';
import type { WorkerInput, WorkerOutput } from '../state.ts';

/** One worker's turn at one shard. */
export interface ShardTurn<Cursor> extends Deadlines {
  readonly run: Run;
  readonly fence: Fence;
  readonly clock: Clock;
  /** The shard as last saved; empty before its first checkpoint. */
  readonly progress: Progress<Cursor>;
  /** Whether no call has ever written anything for the shard. */
  isUnwritten(): boolean;
  /**
   * Awaited before the first write of a call that asks whether the shard {@link isUnwritten}: a later call knows of it then,
   * also where this one dies before its first checkpoint.
   *
   * @throws ClaimLostError when another call works on the shard now
   */
  noteWriting(): Promise<void>;
  /** Whether the deadline is past, or the run is paused. The turn then ends at the next checkpoint. */
  isShort(): boolean;
  /** This worker's share of the run's caps, as they are now; 0: no cap. */
  share(of: keyof Caps): number;
  /** Tries again, with jitter, until the deadline; `onRetry` sees each error that is tried again. */
  retry<T>(attempt: () => Promise<T>, onRetry?: (error: unknown) => void): Promise<T>;
  /**
   * Returns when nothing that earlier calls have sent for the shard can take effect any more.
   *
   * @returns false: this turn's time is up before that
   * @throws RunClosedError, ClaimLostError where a look finds that afterwards
   */
  areEarlierCallsQuiet(): Promise<boolean>;
  /**
   * Awaited before the turn ends, so that nothing done is done again. `also` is written in the same transaction.
   *
   * @throws ClaimLostError when another call works on the shard now
   */
  save(progress: Progress<Cursor>, also?: readonly TransactItem[]): Promise<void>;
}

/** Which shard, and from when on its checkpoint counts. */
export interface ShardWork<Cursor> {
  readonly state: ShardState;
  /** What its results rest on: a checkpoint on another basis counts for nothing, and the shard starts over. */
  readonly basis?: (run: Run) => string;
  /** Statuses of the run in which the shard may be worked on; absent: RUNNING alone. */
  readonly openIn?: OpenStatuses;
  /**
   * Awaited before the first unit of a call that has taken the shard over from one that did not close its claim. Nobody
   * has seen the answers to what that call has sent last. Absent: that makes no difference.
   */
  readonly onTakeOver?: (run: Run) => Promise<void>;
  /**
   * One unit of progress, saved before it returns. Called until the shard is done, time is short, or it answers `pause`:
   * then the turn ends, and somebody else is waited for.
   */
  readonly unit: (turn: ShardTurn<Cursor>) => Promise<'pause' | void>;
}

interface TurnScope {
  readonly basis: string | undefined;
  readonly runtime: Runtime;
  readonly input: WorkerInput;
  readonly turn: Turn;
}

/** What the ledger says of the shard once this call has claimed it. */
type ClaimedRecord = Claims & Partial<Pick<Shard, 'turns' | 'isWriting'>>;

/** A shard under this call's claim. */
interface ClaimedShard<Cursor> {
  readonly claim: ShardClaim<Cursor>;
  /** The checkpoint that the call goes on from; absent: it starts over. */
  readonly kept: Shard<Cursor> | undefined;
  readonly start: Progress<never>;
}

function openTurn<Cursor>(
  { runtime, input, turn }: TurnScope,
  { claim, kept, start }: ClaimedShard<Cursor>,
  fence: HeldFence<ClaimedRecord>,
): ShardTurn<Cursor> {
  const { clock } = runtime;
  // As it was when this call had claimed the shard: no earlier one can note anything any more.
  const { turns: turnsBefore = 0, isWriting = false } = fence.record;
  let isWritten = turnsBefore > 0 || isWriting;
  let noting: Promise<void> | undefined;
  const noteWriting = async (): Promise<void> => {
    await claim.noteWriting();
    isWritten = true;
  };
  const { deadline, saveDeadline } = deadlinesOf(clock, turn);
  // For good: a claim that was closed for a pause is not opened again when the pause ends.
  let isStopped = false;
  const isShort = (): boolean =>
    (isStopped ||= clock.now() >= deadline || fence.latest().paused !== undefined);
  const beganAt = claim.claimedAt;
  const turns = (input.turn ?? 0) + 1;
  let last: Checkpoint<Cursor> | undefined = kept;
  const opened: ShardTurn<Cursor> & { progress: Progress<Cursor> } = {
    run: fence.run,
    fence,
    clock,
    deadline,
    saveDeadline,
    progress: last ?? start,
    isUnwritten: () => !isWritten,
    noteWriting: () => (isWritten ? Promise.resolve() : (noting ??= noteWriting())),
    isShort,
    share: (of) => capsOf(fence.latest())[of] / fence.run.plan.workers,
    retry: (attempt, onRetry = () => undefined) => retry({ clock, deadline, onRetry }, attempt),
    async areEarlierCallsQuiet() {
      const isQuiet = await claim.areEarlierCallsQuiet(deadline);
      await fence.check();
      return isQuiet;
    },
    async save(next, also = []) {
      const checkpoint = checkpointBehind(last, next, { now: clock.now(), beganAt, turns });
      // Nothing is under way when a unit saves, so the last checkpoint of a call closes its claim.
      await claim.save(checkpoint, { also, isLast: next.done || isShort() });
      last = checkpoint;
      opened.progress = checkpoint;
    },
  };
  return opened;
}

interface TurnEnd extends Pick<Progress<unknown>, 'done' | 'counters'> {
  /** Present where the run is paused. */
  readonly paused?: Asked | undefined;
}

/** Claims the shard, reads the run, and works unit by unit. */
async function takeClaimedTurn<Cursor>(
  scope: TurnScope,
  work: ShardWork<Cursor>,
  { run, shard }: { readonly run: Run; readonly shard: Shard<Cursor> | undefined },
): Promise<TurnEnd> {
  const { runtime, input, basis } = scope;
  const { ledger, clock } = runtime;
  const { runId, executionArn, shard: index } = input;
  const { state, unit, openIn, onTakeOver } = work;
  const kept = shardOn(shard, basis);
  try {
    const claim = await claimShard(runtime, { runId, state, shard: index, basis }, shard);
    try {
      const held = { known: run, hold: claim.hold };
      const fenceScope = { ledger, clock, runId, executionArn, openIn };
      const fence = await raiseHeldFence<ClaimedRecord>(fenceScope, held);
      if (claim.isTakenOver) await onTakeOver?.(fence.run);
      const { done, counters } = await takeUnits(
        openTurn(scope, { claim, kept, start: startedOver(shard) }, fence),
        unit,
      );
      return { done, counters, paused: fence.latest().paused };
    } finally {
      await claim.close();
    }
  } catch (error) {
    if (!(error instanceof ClaimLostError)) throw error;
    // The other call goes on with this shard, or has finished it. This one's caller is told so.
    runtime.logger.warn(error.message, { runId, stage: state, shard: index });
    const now = await findShard<Cursor>(ledger, runId, state, index);
    return shardOn(now, basis) ?? NOTHING_DONE;
  }
}

/**
 * Takes one turn at a shard: goes on from its checkpoint, unit by unit, until it is done or time is
 * short. A fault that outlives the deadline ends the turn like a lack of time if the turn has saved
 * anything, so that a long throttling costs turns and not the run. Where two calls are at one shard, the later one
 * takes it over and the earlier one stops at its next request.
 *
 * @throws RunClosedError (not retried) when the run is no longer this execution's; what the units throw.
 */
export async function takeTurn<Cursor>(
  runtime: Runtime,
  { input, turn }: { readonly input: WorkerInput; readonly turn: Turn },
  work: ShardWork<Cursor>,
): Promise<WorkerOutput> {
  const { runId, executionArn, shard: index } = input;
  // A call that comes too late leaves no trace: whether it may work at all is asked before it claims anything.
  const place = { runId, state: work.state, shard: index };
  const { run, shard } = await readRunAndShard<Cursor>(runtime.ledger, place);
  assertOpen(run, executionArn, work.openIn);
  const basis = work.basis?.(run);
  const kept = shardOn(shard, basis);
  const isIdle = kept?.done === true || run.paused !== undefined;
  const { done, counters, paused }: TurnEnd = isIdle
    ? { ...(kept ?? NOTHING_DONE), paused: run.paused }
    : await takeClaimedTurn({ runtime, input, turn, basis }, work, { run, shard });
  const itemsDone = counters['items'] ?? 0;
  runtime.logger.info('A turn has ended.', { runId, stage: work.state, shard: index, done, ...counters });
  const output = { runId, executionArn, shard: index, turn: (input.turn ?? 0) + 1, done, itemsDone };
  if (done || paused === undefined) return output;
  const look = { now: runtime.clock.now(), ...pauseShareOf(run.plan, runtime.config.mapMode) };
  return { ...output, waitSeconds: pauseWaitSeconds(paused, look) };
}

async function takeUnits<Cursor>(
  turn: ShardTurn<Cursor>,
  unit: ShardWork<Cursor>['unit'],
): Promise<Progress<Cursor>> {
  let unitCount = 0;
  while (!turn.progress.done && !(turn.isShort() && unitCount > 0)) {
    try {
      if ((await unit(turn)) === 'pause') break;
      unitCount += 1;
    } catch (error) {
      if (!isTransient(error) || (unitCount === 0 && turn.fence.latest().paused === undefined)) throw error;
      break;
    }
  }
  return turn.progress;
}
