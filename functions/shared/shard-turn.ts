import { setTimeout as sleep } from 'node:timers/promises';
import { type Fence, raiseFence } from './fence.ts';
import type { Run } from './ledger/run.ts';
import { findShard, type Shard, ShardTakenError, type ShardState, saveShard } from './ledger/shard.ts';
import { type Clock, isTransient, retry } from './retry.ts';
import { type Runtime, reserveMillis, type Turn } from './runtime.ts';
import type { WorkerInput, WorkerOutput } from './state.ts';

/** What a checkpoint says; absolute numbers. */
export type Progress<Cursor> = Pick<Shard<Cursor>, 'done' | 'cursor' | 'counters' | 'digests' | 'samples'>;

/** One worker's turn at one shard. */
export interface ShardTurn<Cursor> {
  readonly run: Run;
  readonly fence: Fence;
  readonly clock: Clock;
  /** The shard as last saved; empty before its first checkpoint. */
  readonly progress: Progress<Cursor>;
  /** Epoch milliseconds after which no request begins but the ones that save what is done. */
  readonly deadline: number;
  /** Epoch milliseconds until which saving what is done may go on trying. */
  readonly saveDeadline: number;
  /** Whether the deadline is past. */
  isShort(): boolean;
  /** Tries again, with jitter, until the deadline; `onRetry` sees each error that is tried again. */
  retry<T>(attempt: () => Promise<T>, onRetry?: (error: unknown) => void): Promise<T>;
  /** Awaited before the turn ends, so that nothing done is done again. */
  save(progress: Progress<Cursor>): Promise<void>;
}

/** Which shard, and from when on its checkpoint counts. */
export interface ShardWork<Cursor> {
  readonly state: ShardState;
  /** Of the code that works on it now. */
  readonly codeVersion: string;
  /** True where results of other code are worthless: the shard then starts over. */
  readonly isTiedToCode: boolean;
  /** One unit of progress, saved before it returns. Called until the shard is done or time is short. */
  readonly unit: (turn: ShardTurn<Cursor>) => Promise<void>;
}

/** Keeps back {@link reserveMillis}, or a quarter of a smaller time limit; half of it is for saving. */
function deadlinesOf(clock: Clock, turn: Turn): Pick<ShardTurn<unknown>, 'deadline' | 'saveDeadline'> {
  const remaining = turn.remainingMillis();
  const reserve = Math.min(reserveMillis, remaining / 4);
  const end = clock.now() + remaining;
  return { deadline: end - reserve, saveDeadline: end - reserve / 2 };
}

const nothingDone = { done: false, counters: {}, digests: {} } as const;

function isUsable<Cursor>(shard: Shard<Cursor> | undefined, work: ShardWork<Cursor>): shard is Shard<Cursor> {
  return shard !== undefined && (!work.isTiedToCode || shard.codeVersion === work.codeVersion);
}

interface Standing<Cursor> {
  readonly shard: Shard<Cursor> | undefined;
  readonly fence: Fence;
}

function openTurn<Cursor>(
  runtime: Runtime,
  scope: { readonly input: WorkerInput; readonly turn: Turn; readonly work: ShardWork<Cursor> },
  { shard, fence }: Standing<Cursor>,
): ShardTurn<Cursor> {
  const { input, turn, work } = scope;
  const { clock, ledger } = runtime;
  const kept = isUsable(shard, work) ? shard : undefined;
  const { deadline, saveDeadline } = deadlinesOf(clock, turn);
  const startedAt = kept?.startedAt ?? clock.now();
  let progress: Progress<Cursor> = kept ?? nothingDone;
  let marks = kept?.marks ?? [];
  let version = shard?.version ?? 0;
  return {
    run: fence.run,
    fence,
    clock,
    deadline,
    saveDeadline,
    get progress() {
      return progress;
    },
    isShort: () => clock.now() >= deadline,
    retry: (attempt, onRetry = () => undefined) => retry({ clock, deadline, onRetry }, attempt),
    async save(next) {
      const now = clock.now();
      marks = [...marks, [now, next.counters['items'] ?? 0]];
      const { state, codeVersion } = work;
      const turns = (input.turn ?? 0) + 1;
      const saved = {
        ...next,
        state,
        shard: input.shard,
        turns,
        codeVersion,
        startedAt,
        updatedAt: now,
        marks,
      };
      const writer = turn.requestId;
      version = await saveShard(ledger, {
        runId: input.runId,
        shard: saved,
        previousVersion: version,
        writer,
      });
      progress = next;
    },
  };
}

/** Workers save every 15 seconds at most; one that has not for so long is dead, and the next call goes on for it. */
const standStillMillis = 45_000;
const lookMillis = 500;

/**
 * What becomes of a shard that another worker is at: returns when that one has finished it or stands still, or when
 * this turn's time is up. Without the wait, the state would call again and again and lose every race.
 */
async function watchOther<Cursor>(
  { ledger, clock }: Runtime,
  { runId, shard }: WorkerInput,
  { turn, work }: { readonly turn: ShardTurn<Cursor>; readonly work: ShardWork<Cursor> },
): Promise<Pick<Progress<Cursor>, 'done' | 'counters'>> {
  const { state } = work;
  let seen = await findShard<Cursor>(ledger, runId, state, shard);
  let movedAt = clock.now();
  while (seen?.done !== true && !turn.isShort() && clock.now() - movedAt < standStillMillis) {
    await sleep(lookMillis);
    await turn.fence.check();
    const now = await findShard<Cursor>(ledger, runId, state, shard);
    if (now?.version === seen?.version) continue;
    seen = now;
    movedAt = clock.now();
  }
  return isUsable(seen, work) ? seen : nothingDone;
}

/**
 * Takes one turn at a shard: goes on from its checkpoint, unit by unit, until it is done or time is
 * short. A fault that outlives the deadline ends the turn like a lack of time if the turn has saved
 * anything, so that a long throttling costs turns and not the run. Where another worker is at the same shard, that
 * one is left to it.
 *
 * @throws RunClosedError (not retried) when the run is no longer this execution's; what the units throw.
 */
export async function takeTurn<Cursor>(
  runtime: Runtime,
  { input, turn }: { readonly input: WorkerInput; readonly turn: Turn },
  work: ShardWork<Cursor>,
): Promise<WorkerOutput> {
  const { ledger, clock } = runtime;
  const { runId, executionArn, shard: index } = input;
  const fence = await raiseFence({ ledger, clock, runId, executionArn });
  const shard = await findShard<Cursor>(ledger, runId, work.state, index);
  const shardTurn = openTurn(runtime, { input, turn, work }, { shard, fence });
  const { done, counters } = await takeUnits(shardTurn, work.unit).catch((error: unknown) => {
    if (!(error instanceof ShardTakenError)) throw error;
    runtime.logger.warn(error.message, { runId, stage: work.state, shard: index });
    return watchOther<Cursor>(runtime, input, { turn: shardTurn, work });
  });
  const itemsDone = counters['items'] ?? 0;
  runtime.logger.info('A turn has ended.', { runId, stage: work.state, shard: index, done, ...counters });
  return { runId, executionArn, shard: index, turn: (input.turn ?? 0) + 1, done, itemsDone };
}

async function takeUnits<Cursor>(
  turn: ShardTurn<Cursor>,
  unit: ShardWork<Cursor>['unit'],
): Promise<Progress<Cursor>> {
  let unitCount = 0;
  while (!turn.progress.done && !(turn.isShort() && unitCount > 0)) {
    try {
      await unit(turn);
      unitCount += 1;
    } catch (error) {
      if (unitCount === 0 || !isTransient(error)) throw error;
      break;
    }
  }
  return turn.progress;
}
