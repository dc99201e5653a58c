import type { Run } from '../../ledger/run.ts';
import type { ShardState } from '../../ledger/shard.ts';
import type { Runtime, Turn } from '../../runtime.ts';
import type { WorkerInput, WorkerOutput } from '../../state.ts';
import { type ShardTurn, takeTurn } from '../shard-turn.ts';

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
  { state, basis, open }: VerificationWork<Cursor>,
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
    return await takeTurn<Cursor>(runtime, call, { state, basis, unit });
  } finally {
    await verification?.close();
  }
}
