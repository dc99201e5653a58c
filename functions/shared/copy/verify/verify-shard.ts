import type { OpenStatuses } from '../../ledger/fence.ts';
import type { Run } from '../../ledger/run.ts';
import type { ShardState } from '../../ledger/shard.ts';
import { isTransient } from '../../retry.ts';
import type { Runtime, Turn } from '../../runtime.ts';
import type { WorkerInput, WorkerOutput } from '../../state.ts';
import { type ShardTurn, takeTurn } from '../shard-turn.ts';
import type { Tally } from './tally.ts';

/** The verification of one shard, from a turn's first unit on. */
export interface Verification {
  /**
   * One unit of the turn it was opened for: some seconds of work, then the checkpoint, also where the rest has failed.
   *
   * @returns false where it has failed with what passes, after the shard has moved on: the next unit opens it again
   * @throws what it failed with otherwise
   */
  next(): Promise<boolean>;
  /** Lets go of what it reads. */
  close(): Promise<void>;
}

/** Which shard's verification, and what its checkpoint counts for. */
export interface VerificationWork<Cursor> {
  readonly state: ShardState;
  /** A checkpoint on another basis counts for nothing: between two executions anybody may have changed the table. */
  readonly basis: (run: Run) => string;
  /** Statuses of the run in which the shard may be worked on; absent: RUNNING alone. */
  readonly openIn?: OpenStatuses;
  /** See `ShardWork.onTakeOver`. */
  readonly onTakeOver?: (run: Run) => Promise<void>;
  /** Goes on at the turn's checkpoint. */
  readonly open: (turn: ShardTurn<Cursor>) => Promise<Verification>;
}

/** Between two checkpoints of a verification. */
export const CHECKPOINT_MILLIS = 5_000;

/**
 * Takes one turn at verifying a shard. What differs is counted and named in its checkpoint, not thrown.
 *
 * @throws TableUnavailableError, BackupDamagedError, RunClosedError (none retried)
 */
export async function verifyShard<Cursor>(
  runtime: Runtime,
  call: { readonly input: WorkerInput; readonly turn: Turn },
  { open, ...work }: VerificationWork<Cursor>,
): Promise<WorkerOutput> {
  let verification: Verification | undefined;
  const unit = async (turn: ShardTurn<Cursor>): Promise<void> => {
    await turn.fence.check();
    const current = (verification ??= await open(turn));
    if (await current.next()) return;
    verification = undefined;
    await current.close();
  };
  try {
    return await takeTurn<Cursor>(runtime, call, { ...work, unit });
  } finally {
    await verification?.close();
  }
}

/** What one step of a unit came to. */
export interface Step<Cursor> {
  /** Where the next one continues; absent where it has not moved on. */
  readonly cursor: Cursor | undefined;
  readonly isAtEnd: boolean;
}

/**
 * A unit of steps: some seconds of them, then the checkpoint, also where one has failed.
 *
 * @returns and throws as {@link Verification.next} does
 */
export async function takeSteps<Cursor>(
  turn: ShardTurn<Cursor>,
  tally: Pick<Tally, 'saved'>,
  step: () => Promise<Step<Cursor>>,
): Promise<boolean> {
  const until = turn.clock.now() + CHECKPOINT_MILLIS;
  let cursor: Cursor | undefined;
  let isAtEnd = false;
  let failure: { readonly error: unknown } | undefined;
  try {
    do {
      const taken = await step();
      cursor = taken.cursor ?? cursor;
      isAtEnd = taken.isAtEnd;
    } while (!isAtEnd && turn.clock.now() < until && !turn.isShort());
  } catch (error) {
    failure = { error };
  }
  const hasMoved = isAtEnd || cursor !== undefined;
  if (hasMoved) await turn.save({ ...tally.saved(), done: isAtEnd, cursor: isAtEnd ? undefined : cursor });
  if (failure !== undefined && !(hasMoved && isTransient(failure.error))) throw failure.error;
  return failure === undefined;
}
