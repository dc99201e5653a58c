import { isNamed, TableUnavailableError } from '../../errors.ts';
import type { Run } from '../../ledger/run.ts';
import type { ShardState } from '../../ledger/shard.ts';
import type { Runtime, Turn } from '../../runtime.ts';
import type { WorkerInput, WorkerOutput } from '../../state.ts';
import { shorten } from '../../text.ts';
import { type ShardTurn, takeTurn } from '../shard-turn.ts';
import type { Load } from './load.ts';
import type { LineCursor } from './read-lines.ts';

/** Which shard's load. */
export interface LoadWork {
  readonly state: ShardState;
  /** See `ShardWork.onTakeOver`. */
  readonly onTakeOver?: (run: Run) => Promise<void>;
  /** Goes on at the turn's checkpoint. */
  readonly open: (turn: ShardTurn<LineCursor>) => Promise<Load>;
}

/**
 * Takes one turn at loading a shard. Safe to be called again at any point: what is written twice is the same both times.
 *
 * @throws TableUnavailableError where the table is gone, BackupDamagedError, RunClosedError, and what the writer
 *   throws (none retried); ThrottlingException (retried) when DynamoDB let nothing through in a whole turn.
 */
export async function loadShard(
  runtime: Runtime,
  call: { readonly input: WorkerInput; readonly turn: Turn },
  { open, ...work }: LoadWork,
): Promise<WorkerOutput> {
  let load: Load | undefined;
  const unit = async (turn: ShardTurn<LineCursor>): Promise<void> => {
    const current = (load ??= await open(turn));
    // What has failed is read and written again, from the checkpoint on.
    if (!(await current.next(turn))) load = undefined;
  };
  try {
    return await takeTurn<LineCursor>(runtime, call, { ...work, unit });
  } catch (error) {
    throw translateMissing(error);
  } finally {
    await load?.close();
  }
}

function translateMissing(error: unknown): unknown {
  if (!isNamed(error, 'ResourceNotFoundException')) return error;
  return new TableUnavailableError(
    `The table has gone while items were being written (${shorten(error.message, 200)}). Find out who deleted it.`,
    undefined,
    { cause: error },
  );
}
