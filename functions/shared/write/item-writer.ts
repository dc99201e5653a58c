import { ItemRefusedError } from '../errors.ts';
import { isThrottle, isTransient } from '../retry.ts';
import { canonicalJson } from '../wire/canonical-json.ts';
import { keyText } from '../wire/item-key.ts';
import { itemSizeBytes } from '../wire/item-size.ts';
import type { ItemTable } from '../wire/item-table.ts';
import type { WireItem } from '../wire/wire-item.ts';
import { taskPool } from './task-pool.ts';
import type { WritePace } from './write-pace.ts';

/** What a writer has done since it was made. */
export interface WriteCounts {
  /** Items that this writer put there. */
  written: number;
  /** Items that stood there, equal in every attribute. */
  alreadyPresent: number;
  /** Items of the same key that stood there and differ; they stay as they are. */
  keptDifferent: number;
  writeUnits: number;
  throttles: number;
}

/** Writes items, several requests at once. */
export interface ItemWriter {
  readonly counts: Readonly<WriteCounts>;
  /** Takes an item over; returns when there is room for the next one. */
  put(item: WireItem): Promise<void>;
  /** Returns when everything taken over is in the table. */
  drain(): Promise<void>;
  /** Waits for what is under way, for a caller that has an error to throw. */
  abandon(): Promise<void>;
}

export interface WriterScope {
  readonly items: ItemTable;
  readonly tableName: string;
  /** Names of the table's key attributes, the partition key first. */
  readonly keyNames: readonly string[];
  readonly pace: WritePace;
  /** Awaited before each request. */
  readonly checkFence: () => Promise<void>;
  /** Tries again with jitter until the deadline. */
  readonly retry: <T>(attempt: () => Promise<T>, onRetry: (error: unknown) => void) => Promise<T>;
}

/** BatchWriteItem takes 25 items and 16 MB; JSON of binaries and controls is larger than the items themselves. */
const batchItems = 25;
const batchBytes = 8 * 1024 * 1024;
const batchesInFlight = 8;
/** Conditional puts carry one item each. */
const putsInFlight = 64;
const bytesPerWriteUnit = 1024;

/** DynamoDB's own way to say "too fast" in an answer that succeeded. */
class UnprocessedItemsError extends Error {
  override readonly name = 'ThrottlingException';
}

const unitsOf = (item: WireItem): number => Math.max(1, Math.ceil(itemSizeBytes(item) / bytesPerWriteUnit));
const newCounts = (): WriteCounts => ({
  written: 0,
  alreadyPresent: 0,
  keptDifferent: 0,
  writeUnits: 0,
  throttles: 0,
});

function isRefusal(error: unknown): boolean {
  const { name } = error as { name?: string };
  return name === 'ValidationException' || name === 'ItemCollectionSizeLimitExceededException';
}

function refused(scope: WriterScope, item: WireItem, error: unknown): ItemRefusedError {
  const reason = error instanceof Error ? error.message : String(error);
  return new ItemRefusedError(
    `Table ${scope.tableName} refuses item ${keyText(item, scope.keyNames)}: ${reason.slice(0, 300)} Everything before it is written. Correct the item at its source, then start again.`,
  );
}

interface Batch {
  readonly items: readonly WireItem[];
  readonly texts: readonly string[];
}

/** Sends a batch until nothing of it is left. */
async function putBatch(scope: WriterScope, counts: WriteCounts, texts: readonly string[]): Promise<void> {
  let remaining = texts;
  const onRetry = (error: unknown): void => {
    if (isThrottle(error)) counts.throttles += 1;
  };
  await scope.retry(async () => {
    await scope.checkFence();
    const { unprocessed, writeUnits } = await scope.items.batchPut(scope.tableName, remaining);
    counts.writeUnits += writeUnits;
    remaining = unprocessed;
    if (remaining.length > 0)
      throw new UnprocessedItemsError(`${remaining.length} items of a batch were not taken yet.`);
  }, onRetry);
}

/** DynamoDB refuses a batch as a whole: halves are tried, down to the item that it does not take. */
async function putOrBisect(scope: WriterScope, counts: WriteCounts, batch: Batch): Promise<void> {
  try {
    await putBatch(scope, counts, batch.texts);
    counts.written += batch.items.length;
  } catch (error) {
    const [first] = batch.items;
    if (!isRefusal(error) || first === undefined) throw error;
    if (batch.items.length === 1) throw refused(scope, first, error);
    const middle = Math.ceil(batch.items.length / 2);
    await putOrBisect(scope, counts, {
      items: batch.items.slice(0, middle),
      texts: batch.texts.slice(0, middle),
    });
    await putOrBisect(scope, counts, { items: batch.items.slice(middle), texts: batch.texts.slice(middle) });
  }
}

/**
 * Writes with BatchWriteItem, which overwrites: only for a table that this run created. Putting the same item
 * twice is harmless.
 *
 * @throws from `put` and `drain`: ItemRefusedError naming the item (not retried), RunClosedError, and the last
 *   transient error when the deadline has come.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
 */
export function batchWriter(scope: WriterScope): ItemWriter {
  const counts = newCounts();
  const pool = taskPool(batchesInFlight);
  let items: WireItem[] = [];
  let texts: string[] = [];
  let characters = 0;
  let units = 0;
  const flush = async (): Promise<void> => {
    const batch = { items, texts };
    const batchUnits = units;
    [items, texts, characters, units] = [[], [], 0, 0];
    if (batch.items.length === 0) return;
    await scope.pace.take(batchUnits);
    await pool.run(() => putOrBisect(scope, counts, batch));
  };
  return {
    counts,
    async put(item) {
      const text = JSON.stringify(item);
      if (items.length === batchItems || characters + text.length > batchBytes) await flush();
      items.push(item);
      texts.push(text);
      characters += text.length;
      units += unitsOf(item);
    },
    async drain() {
      await flush();
      await pool.settle();
    },
    abandon: () => pool.settleQuietly(),
  };
}

async function putIfMissing(scope: WriterScope, counts: WriteCounts, item: WireItem): Promise<void> {
  const [partitionKey = ''] = scope.keyNames;
  const condition = { expression: 'attribute_not_exists(#key)', names: { '#key': partitionKey } };
  const onRetry = (error: unknown): void => {
    if (isThrottle(error)) counts.throttles += 1;
  };
  const outcome = await scope
    .retry(async () => {
      await scope.checkFence();
      return scope.items.putIf(scope.tableName, item, condition);
    }, onRetry)
    .catch((error: unknown) => {
      throw isRefusal(error) && !isTransient(error) ? refused(scope, item, error) : error;
    });
  counts.writeUnits += outcome.writeUnits;
  if (outcome.written) counts.written += 1;
  else if (outcome.standing !== undefined && canonicalJson(outcome.standing) === canonicalJson(item))
    counts.alreadyPresent += 1;
  else counts.keptDifferent += 1;
}

/**
 * Writes only what is missing: an item that stands there stays, whatever it is. For every table that this run
 * has not created.
 *
 * @throws as {@link batchWriter}.
 */
export function missingItemsWriter(scope: WriterScope): ItemWriter {
  const counts = newCounts();
  const pool = taskPool(putsInFlight);
  return {
    counts,
    async put(item) {
      await scope.pace.take(unitsOf(item));
      await pool.run(() => putIfMissing(scope, counts, item));
    },
    drain: () => pool.settle(),
    abandon: () => pool.settleQuietly(),
  };
}
