import type { ObjectStore } from '../../aws/object-store.ts';
import { isTransient } from '../../retry.ts';
import type { Progress } from '../checkpoint.ts';
import type { ShardTurn } from '../shard-turn.ts';
import type { LoadWindow } from './load-window.ts';
import { FIRST_LINE, type LineCursor, type LoadFile, type ReadLines, readLines } from './read-lines.ts';

/** Puts lines into one table, some at once and in any order, and counts them off in a {@link LoadWindow}. */
export interface LineWriter {
  /**
   * Takes lines, as soon as there is room.
   *
   * @returns whether anything is complete with them that the window can count
   * @throws what an earlier write failed with
   */
  take(read: ReadLines): Promise<boolean>;
  /**
   * Returns when every item is in place, or time is up: then items that DynamoDB has refused for now stay
   * missing. @throws what a write failed with, once no request is under way
   */
  drain(): Promise<void>;
  /** Returns when no request is under way. Never throws. */
  settle(): Promise<void>;
}

export interface LoadScope {
  readonly objects: Pick<ObjectStore, 'get'>;
  /** All of the shard's, in the order that the cursor counts. */
  readonly files: readonly LoadFile[];
  readonly window: LoadWindow;
  readonly writer: LineWriter;
  /** The checkpoint's, for what {@link LoadWindow.advance} says. */
  readonly progressOf: (
    at: ReturnType<LoadWindow['advance']>,
  ) => Omit<Progress<LineCursor>, 'done' | 'cursor'>;
}

/** A load of files into one table, from a turn's first unit on. */
export interface Load {
  /**
   * One unit of a turn: reads and writes for some seconds, one group of lines at least, then saves how far it has come.
   *
   * @returns false where it has failed with what passes, after the shard has moved on: the next unit opens it again
   * @throws what it failed with otherwise; ThrottlingException (retried) when DynamoDB let nothing through
   */
  next(turn: ShardTurn<LineCursor>): Promise<boolean>;
  /** Lets go of the files. */
  close(): Promise<void>;
}

/** Between two checkpoints: what is written again, at most, by a worker that goes on where another was killed. */
const CHECKPOINT_MILLIS = 5_000;

/** Opens a load at a cursor. */
export function openLoad(scope: LoadScope, start: LineCursor = FIRST_LINE): Load {
  const lines = readLines(scope.objects, scope.files, start);
  return {
    async next(turn) {
      const outcome = await loadSome(scope, lines, turn);
      if (outcome.failure !== undefined) await lines.return(undefined);
      await saveUnit(scope, turn, outcome);
      return outcome.failure === undefined;
    },
    close: async () => void (await lines.return(undefined)),
  };
}

/** What a unit has come to. */
interface UnitOutcome {
  readonly failure?: { readonly error: unknown };
}

/** Returns when no request is under way. */
async function loadSome(
  { writer }: LoadScope,
  lines: AsyncGenerator<ReadLines>,
  turn: ShardTurn<LineCursor>,
): Promise<UnitOutcome> {
  const until = turn.clock.now() + CHECKPOINT_MILLIS;
  try {
    let isAtEnd = false;
    let isFed = false;
    do {
      const next = await lines.next();
      isAtEnd = next.done === true;
      if (next.done !== true && (await writer.take(next.value))) isFed = true;
    } while (!isAtEnd && !(isFed && (turn.clock.now() >= until || turn.isShort())));
    await writer.drain();
    return {};
  } catch (error) {
    await writer.settle();
    return { failure: { error } };
  }
}

/**
 * Saves what is done, also where the rest has failed.
 *
 * @throws what the unit failed with, unless it passes and the shard has moved on all the same
 */
async function saveUnit(
  { window, files, progressOf }: LoadScope,
  turn: ShardTurn<LineCursor>,
  { failure }: UnitOutcome,
): Promise<void> {
  const before = turn.progress.cursor ?? FIRST_LINE;
  const at = window.advance();
  const { cursor } = at;
  const done = window.size() === 0 && cursor.filesDone === files.length;
  const hasMoved = cursor.filesDone > before.filesDone || cursor.linesDone > before.linesDone;
  if (done || hasMoved) await turn.save({ ...progressOf(at), done, cursor: done ? undefined : cursor });
  if (failure !== undefined && !(hasMoved && isTransient(failure.error))) throw failure.error;
  if (!done && !hasMoved) throw nothingThrough();
}

/** Called a throttle, because that is what leaves every item of a turn unprocessed; the turn ends, and the next one goes on. */
function nothingThrough(): Error {
  const error = new Error('DynamoDB has left every item of this turn unprocessed.');
  return Object.assign(error, { name: 'ThrottlingException' });
}
