import { ItemRefusedError } from '../shared/errors.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { createPipeline } from '../shared/copy/pipeline.ts';
import { keyIdentity, keyText } from '../migrations/shop/target-key.ts';
import {
  noteThrottle,
  paidWrite,
  type PendingItem,
  noteWritten,
  type TargetWriter,
  type WriteScope,
} from './target-writer.ts';
import { shorten } from '../shared/text.ts';

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
const MAX_BATCH_ITEMS = 25;
/** Half of the 16 MB that one request may have. */
const MAX_BATCH_LENGTH = 8 * 1024 * 1024;
/** As many as keep an engine busy while others are under way; more only wait in its queue. */
const BATCHES_IN_FLIGHT = 8;
const FIRST_PAUSE_MILLIS = 25;
const MAX_PAUSE_MILLIS = 5_000;

/** What is answered for an item that only waits for its batch to be full. */
const TAKEN = Promise.resolve();

/** An item as it is sent. */
interface EncodedItem extends PendingItem {
  readonly json: string;
}

/**
 * Unconditional writes, 25 a request: for a table that this run created, and that nobody else writes.
 * What DynamoDB leaves unprocessed goes into later batches.
 */
export function createBatchWriter(scope: WriteScope): TargetWriter {
  const pipeline = createPipeline(BATCHES_IN_FLIGHT);
  const unitsOf = createUnitEstimate();
  let queue: EncodedItem[] = [];
  let queueLength = 0;
  let refused: EncodedItem[] = [];
  let refusals = 0;

  const send = async (batch: readonly EncodedItem[]): Promise<void> => {
    const length = batch.reduce((sum, { json }) => sum + json.length, 0);
    const outcome = await paidWrite(scope, unitsOf.estimate(batch.length, length), () =>
      scope.items.batchPut(
        scope.tableName,
        batch.map(({ json }) => json),
      ),
    );
    if (outcome.unprocessed.length === 0) unitsOf.learn(outcome.writeUnits, length);
    await noteBatch(batch, outcome.unprocessed);
  };
  const noteBatch = async (batch: readonly EncodedItem[], unprocessed: readonly string[]): Promise<void> => {
    const left = new Set(unprocessed.map((json) => keyIdentity(JSON.parse(json))));
    const missing = left.size === 0 ? [] : batch.filter(({ item }) => left.has(keyIdentity(item)));
    for (const item of batch) if (!missing.includes(item)) noteWritten(item);
    refused = [...refused, ...missing];
    refusals = missing.length < batch.length ? 0 : refusals + 1;
    noteThrottle(scope, missing.length > 0);
    if (missing.length > 0)
      await scope.pause(scope.random() * Math.min(MAX_PAUSE_MILLIS, FIRST_PAUSE_MILLIS * 2 ** refusals));
  };
  const startBatch = (batch: readonly EncodedItem[]): Promise<void> =>
    pipeline.start(() => sendOrBisect(batch, send));
  const flush = async (): Promise<void> => {
    const batch = queue;
    queue = [];
    queueLength = 0;
    if (batch.length > 0) await startBatch(batch);
  };
  const add = (item: EncodedItem): void => {
    queue.push(item);
    queueLength += item.json.length;
  };
  const push = (item: EncodedItem): Promise<void> => {
    if (queue.length >= MAX_BATCH_ITEMS || queueLength + item.json.length > MAX_BATCH_LENGTH)
      return flush().then(() => add(item));
    add(item);
    return TAKEN;
  };
  const requeue = async (): Promise<void> => {
    const again = refused;
    refused = [];
    for (const item of again) await push(item);
  };

  return {
    write({ item, product, json = JSON.stringify(item) }) {
      const encoded = { item, product, json };
      return refused.length < MAX_BATCH_ITEMS ? push(encoded) : requeue().then(() => push(encoded));
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

/** Halves a batch that DynamoDB refuses for good until the item is found that it refuses it for. */
async function sendOrBisect(
  batch: readonly EncodedItem[],
  send: (batch: readonly EncodedItem[]) => Promise<void>,
): Promise<void> {
  try {
    await send(batch);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ValidationException') throw error;
    const [only] = batch;
    if (only !== undefined && batch.length === 1) throw refusalOf(only.item, error);
    const middle = Math.ceil(batch.length / 2);
    await sendOrBisect(batch.slice(0, middle), send);
    await sendOrBisect(batch.slice(middle), send);
  }
}

/** The error for an item that DynamoDB will never take. */
export function refusalOf(item: WireItem, reason: Error): ItemRefusedError {
  return new ItemRefusedError(
    `DynamoDB refuses item ${keyText(item)} for good: ${shorten(reason.message, 500)} The run cannot be completed; correct this product at the source, then start again.`,
    { cause: reason },
  );
}

/** What a batch will cost, from what the last ones did: one unit for each KiB of an item begun, and JSON is longer than that. */
function createUnitEstimate() {
  let unitsPerCharacter = 1 / 1024;
  return {
    estimate: (count: number, length: number): number =>
      Math.max(count, Math.ceil(length * unitsPerCharacter)),
    learn(units: number, length: number): void {
      if (units > 0) unitsPerCharacter = units / length;
    },
  };
}
