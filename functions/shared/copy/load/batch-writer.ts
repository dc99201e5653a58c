import { isRefusedItem, type ItemJson } from '../../aws/item-table.ts';
import { keyIdentity } from '../../items/item-key.ts';
import type { WireItem } from '../../items/wire-item.ts';
import { itemOfLine } from '../../files/read-file.ts';
import { textInLine } from '../../files/data-line.ts';
import { createPipeline } from '../pipeline.ts';
import type { LineWriter } from './load.ts';
import { addTo, type LoadWindow, type PendingLines } from './load-window.ts';
import { cursorBehind, type LineCursor, type ReadLines } from './read-lines.ts';
import { noteThrottle, paidWrite, type WriteScope } from './write-scope.ts';

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
const MAX_BATCH_ITEMS = 25;
/** Half of the 16 MB that one request may have. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;
/** As many as keep an engine busy while others are under way; more only wait in its queue. */
const BATCHES_IN_FLIGHT = 8;
const FIRST_PAUSE_MILLIS = 25;
const MAX_PAUSE_MILLIS = 5_000;

/** A line as it is sent, and what waits for it. */
interface QueuedLine {
  readonly line: Buffer;
  readonly pending: PendingLines;
}

export interface BatchScope extends WriteScope {
  readonly window: LoadWindow;
  /** What a byte of a line is expected to cost; refined by what DynamoDB charges. */
  readonly unitsPerByte: number;
  /** The error for an item that DynamoDB will never take. */
  readonly refusalOf: (item: WireItem, reason: Error) => Error;
}

/**
 * Unconditional writes, 25 a request: for a table that this run created, and that nobody else writes. Lines are sent as
 * they are. What DynamoDB leaves unprocessed goes into later batches.
 */
export function createBatchWriter(scope: BatchScope): LineWriter {
  const pipeline = createPipeline(BATCHES_IN_FLIGHT);
  const unitsOf = createUnitEstimate(scope.unitsPerByte);
  let queue: QueuedLine[] = [];
  let queueBytes = 0;
  let refused: QueuedLine[] = [];
  let refusals = 0;
  /** The lines taken since the last batch. In the window from the first one on, in the order of reading. */
  let open: PendingLines | undefined;

  const send = async (batch: readonly QueuedLine[]): Promise<void> => {
    const bytes = batch.reduce((sum, { line }) => sum + line.length, 0);
    const lines = batch.map(({ line }) => line);
    const outcome = await paidWrite(scope, unitsOf.estimate(batch.length, bytes), () =>
      scope.items.batchPut(scope.tableName, lines.map(textInLine)),
    );
    if (outcome.unprocessed.length === 0) unitsOf.learn(outcome.writeUnits, bytes);
    await noteBatch(batch, missingOf(scope, batch, outcome.unprocessed));
  };
  const noteBatch = async (batch: readonly QueuedLine[], missing: readonly QueuedLine[]): Promise<void> => {
    for (const queued of batch) if (!missing.includes(queued)) queued.pending.remaining -= 1;
    refused = [...refused, ...missing];
    refusals = missing.length < batch.length ? 0 : refusals + 1;
    noteThrottle(scope, missing.length > 0);
    if (missing.length > 0)
      await scope.pause(scope.random() * Math.min(MAX_PAUSE_MILLIS, FIRST_PAUSE_MILLIS * 2 ** refusals));
  };
  const flush = async (): Promise<void> => {
    const batch = queue;
    queue = [];
    queueBytes = 0;
    open = undefined;
    if (batch.length > 0) await pipeline.start(() => sendOrBisect(scope, batch, send));
  };
  const makeRoom = async (bytes: number): Promise<void> => {
    if (queue.length >= MAX_BATCH_ITEMS || queueBytes + bytes > MAX_BATCH_BYTES) await flush();
  };
  const push = (queued: QueuedLine): void => {
    queue.push(queued);
    queueBytes += queued.line.length;
  };
  const requeue = async (): Promise<void> => {
    const again = refused;
    refused = [];
    for (const queued of again) {
      await makeRoom(queued.line.length);
      push(queued);
    }
  };
  const openAt = (next: LineCursor): PendingLines => {
    if (open === undefined) scope.window.add((open = { remaining: 0, tally: {}, next }));
    open.next = next;
    return open;
  };

  return {
    async take(read: ReadLines) {
      const { lines, linesBefore, index, file, isFileEnd } = read;
      if (refused.length >= MAX_BATCH_ITEMS) await requeue();
      for (const [at, line] of lines.entries()) {
        await makeRoom(line.length);
        const pending = openAt({ filesDone: index, linesDone: linesBefore + at + 1 });
        pending.remaining += 1;
        addTo(pending.tally, ONE_ITEM);
        push({ line, pending });
      }
      if (isFileEnd) addTo(openAt(cursorBehind(read)).tally, file.counts ?? {});
      return true;
    },
    async drain() {
      await flush();
      await pipeline.finish();
      while (refused.length > 0 && !scope.isShort()) {
        await requeue();
        await flush();
        await pipeline.finish();
      }
    },
    settle: () => pipeline.settle(),
  };
}

const ONE_ITEM = { items: 1 } as const;

/** Where DynamoDB has not taken a line, and only there. */
const readItem = (line: Buffer): WireItem => itemOfLine(line, { key: 'that is loaded', where: 'A line' });

/** The lines of a batch that DynamoDB has not taken, told by their keys. */
function missingOf(
  { key }: WriteScope,
  batch: readonly QueuedLine[],
  unprocessed: readonly ItemJson[],
): readonly QueuedLine[] {
  if (unprocessed.length === 0) return [];
  const left = new Set(unprocessed.map((json) => keyIdentity(JSON.parse(json.toString()), key)));
  return batch.filter(({ line }) => left.has(keyIdentity(readItem(line), key)));
}

/** Halves a batch that DynamoDB refuses for good until the item is found that it refuses it for. */
async function sendOrBisect(
  scope: BatchScope,
  batch: readonly QueuedLine[],
  send: (batch: readonly QueuedLine[]) => Promise<void>,
): Promise<void> {
  try {
    await send(batch);
  } catch (error) {
    if (!isRefusedItem(error)) throw error;
    const [only] = batch;
    if (only !== undefined && batch.length === 1) throw scope.refusalOf(readItem(only.line), error);
    const middle = Math.ceil(batch.length / 2);
    await sendOrBisect(scope, batch.slice(0, middle), send);
    await sendOrBisect(scope, batch.slice(middle), send);
  }
}

/** What a batch will cost, from what the last ones did: at least a unit for each item. */
function createUnitEstimate(first: number) {
  let unitsPerByte = first;
  return {
    estimate: (count: number, bytes: number): number => Math.max(count, Math.ceil(bytes * unitsPerByte)),
    learn(units: number, bytes: number): void {
      if (units > 0) unitsPerByte = units / bytes;
    },
  };
}
