import { ItemRefusedError, isNamed } from '../shared/errors.ts';
import { createPipeline } from '../shared/copy/pipeline.ts';
import type { Rate } from '../shared/copy/rate.ts';
import { isThrottle, isTransient } from '../shared/retry.ts';
import { canonicalJson } from '../shared/items/canonical-json.ts';
import { keyText, type TableKey } from '../shared/items/item-key.ts';
import { itemSizeBytes } from '../shared/items/item-size.ts';
import type { ItemJson, ItemTable } from '../shared/aws/item-table.ts';
import { absentCondition } from '../shared/aws/unchanged.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { shorten } from '../shared/text.ts';

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
  readonly key: TableKey;
  /** This worker's share of the cap. */
  readonly rate: Rate;
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
  return isNamed(error, 'ValidationException', 'ItemCollectionSizeLimitExceededException');
}

function refused(scope: WriterScope, item: WireItem, error: unknown): ItemRefusedError {
  const reason = error instanceof Error ? error.message : String(error);
  return new ItemRefusedError(
    `Table ${scope.tableName} refuses item ${keyText(item, scope.key)}: ${shorten(reason, 300)} Everything before it is written. Correct the item at its source, then start again.`,
  );
}

interface Batch {
  readonly items: readonly WireItem[];
  readonly texts: readonly string[];
  /** What it is expected to cost. */
  readonly units: number;
}

const emptyBatch: Batch = { items: [], texts: [], units: 0 };

function partOf({ items, texts, units }: Batch, from: number, to: number): Batch {
  return {
    items: items.slice(from, to),
    texts: texts.slice(from, to),
    units: (units * (to - from)) / items.length,
  };
}

/** One paid attempt after another until the write is through; what DynamoDB charges is counted. */
function paidWrite<T extends { readonly writeUnits: number }>(
  scope: WriterScope,
  counts: WriteCounts,
  write: { readonly units: () => number; readonly attempt: () => Promise<T> },
): Promise<T> {
  const { rate } = scope;
  const onRetry = (error: unknown): void => {
    if (!isThrottle(error)) return;
    counts.throttles += 1;
    rate.throttled();
  };
  return scope.retry(async () => {
    const taken = write.units();
    await rate.take(taken);
    await scope.checkFence();
    const outcome = await write.attempt();
    counts.writeUnits += outcome.writeUnits;
    rate.charge({ taken, charged: outcome.writeUnits });
    return outcome;
  }, onRetry);
}

/** Sends a batch until nothing of it is left. */
async function putBatch(scope: WriterScope, counts: WriteCounts, batch: Batch): Promise<void> {
  let remaining: readonly ItemJson[] = batch.texts;
  const perText = batch.units / batch.texts.length;
  // What is left is paid for again: the first answer has charged only what it took.
  await paidWrite(scope, counts, {
    units: () => perText * remaining.length,
    attempt: async () => {
      const { unprocessed, writeUnits } = await scope.items.batchPut(scope.tableName, remaining);
      remaining = unprocessed;
      if (remaining.length === 0) return { writeUnits };
      counts.writeUnits += writeUnits;
      throw new UnprocessedItemsError(`${remaining.length} items of a batch were not taken yet.`);
    },
  });
}

/** DynamoDB refuses a batch as a whole: halves are tried, down to the item that it does not take. */
async function putOrBisect(scope: WriterScope, counts: WriteCounts, batch: Batch): Promise<void> {
  try {
    await putBatch(scope, counts, batch);
    counts.written += batch.items.length;
  } catch (error) {
    const [first] = batch.items;
    if (!isRefusal(error) || first === undefined) throw error;
    if (batch.items.length === 1) throw refused(scope, first, error);
    const middle = Math.ceil(batch.items.length / 2);
    await putOrBisect(scope, counts, partOf(batch, 0, middle));
    await putOrBisect(scope, counts, partOf(batch, middle, batch.items.length));
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
  const pipeline = createPipeline(batchesInFlight);
  let batch = emptyBatch;
  let characters = 0;
  const flush = async (): Promise<void> => {
    const full = batch;
    batch = emptyBatch;
    characters = 0;
    if (full.items.length > 0) await pipeline.start(() => putOrBisect(scope, counts, full));
  };
  return {
    counts,
    async put(item) {
      const text = JSON.stringify(item);
      if (batch.items.length === batchItems || characters + text.length > batchBytes) await flush();
      const { items, texts, units } = batch;
      batch = { items: [...items, item], texts: [...texts, text], units: units + unitsOf(item) };
      characters += text.length;
    },
    async drain() {
      await flush();
      await pipeline.finish();
    },
    abandon: () => pipeline.settle(),
  };
}

async function putIfMissing(scope: WriterScope, counts: WriteCounts, item: WireItem): Promise<void> {
  const condition = absentCondition(scope.key[0]?.name ?? '');
  const units = unitsOf(item);
  const outcome = await paidWrite(scope, counts, {
    units: () => units,
    attempt: () => scope.items.putIf(scope.tableName, item, condition),
  }).catch((error: unknown) => {
    throw isRefusal(error) && !isTransient(error) ? refused(scope, item, error) : error;
  });
  if (outcome.written) counts.written += 1;
  else if (outcome.existing !== undefined && canonicalJson(outcome.existing) === canonicalJson(item))
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
  const pipeline = createPipeline(putsInFlight);
  return {
    counts,
    put: (item) => pipeline.start(() => putIfMissing(scope, counts, item)),
    drain: () => pipeline.finish(),
    abandon: () => pipeline.settle(),
  };
}
