import {
  type BackedUpProduct,
  type FilesCursor,
  firstProduct,
  readProducts,
} from '../shared/files/read-products.ts';
import { shardFilesOfRun } from '../shared/files/run-files.ts';
import { TableUnavailableError } from '../shared/errors.ts';
import { saveUndoRecord } from '../shared/ledger/undo-record.ts';
import { isTransient } from '../shared/retry.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import { type Progress, type ShardTurn, takeTurn } from '../shared/copy/shard-turn.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { codeVersion } from '../migrations/shop/code-version.ts';
import { productToItems } from '../migrations/shop/product-to-items.ts';
import { type TransformContext, transformContext } from '../migrations/shop/transform-context.ts';
import { queryPartition } from '../shared/aws/query-partition.ts';
import { createBatchWriter } from './batch-writer.ts';
import { createConditionalWriter, type LeftAlone } from './conditional-writer.ts';
import { createFoundRuns, type FoundRuns } from './found-runs.ts';
import { findTarget, writeScope } from './open-target.ts';
import { createProductWindow, type ProductWindow, tallyOf } from './product-window.ts';
import type { TargetWriter, WriteMeter } from './target-writer.ts';
import { shorten } from '../shared/text.ts';

/** Between two checkpoints: what is written again, at most, by a worker that goes on where another was killed. */
const CHECKPOINT_MILLIS = 5_000;

/** One worker's turn at a shard, from its first unit on. */
interface Migration {
  readonly turn: ShardTurn<FilesCursor>;
  readonly context: TransformContext;
  /** Files that hold any product. */
  readonly fileCount: number;
  readonly products: AsyncGenerator<BackedUpProduct>;
  readonly window: ProductWindow;
  readonly writer: TargetWriter;
  readonly meter: WriteMeter & { readonly readUnits: number };
  readonly samples: LeftAlone;
  readonly tableName: string;
  readonly foundRuns: FoundRuns;
  /** The shard as it was when the turn began. */
  readonly before: Progress<FilesCursor>;
}

/**
 * Migrates one shard: reads the backup's files, transforms, writes, and saves how far it has come. Safe
 * to be called again at any point: what is written twice is the same both times.
 *
 * @throws ItemRefusedError, TableUnavailableError, BackupDamagedError, RunClosedError (none retried);
 *   ThrottlingException (retried) when DynamoDB let nothing through in a whole turn.
 */
export async function migrateShard(runtime: Runtime, input: WorkerInput, turn: Turn): Promise<WorkerOutput> {
  let migration: Migration | undefined;
  try {
    return await takeTurn<FilesCursor>(
      runtime,
      { input, turn },
      {
        state: 'MigrateProducts',
        codeVersion: codeVersion(),
        isTiedToCode: true,
        unit: async (shardTurn) => {
          const current = migration ?? (await openMigration(runtime, input.shard, shardTurn));
          const outcome = await migrateSome(current);
          // What has failed is read and written again, from the checkpoint on.
          migration = outcome.failure === undefined ? current : undefined;
          if (outcome.failure !== undefined) await current.products.return(undefined);
          await saveUnit(current, outcome);
        },
      },
    );
  } catch (error) {
    throw translateMissing(error);
  } finally {
    await migration?.products.return(undefined);
  }
}

async function openMigration(
  runtime: Runtime,
  shard: number,
  turn: ShardTurn<FilesCursor>,
): Promise<Migration> {
  const { run, progress: before } = turn;
  const start = before.cursor ?? firstProduct;
  const files = (await shardFilesOfRun(runtime, run, shard)).filter(({ itemCount }) => itemCount > 0);
  const { writeUnits = 0, readUnits = 0, throttles = 0 } = before.counters;
  const meter = { writeUnits, readUnits, throttles };
  const { keptChanged = [], keptTooLarge = [], outdated = [] } = before.samples ?? {};
  const samples = {
    keptChanged: [...keptChanged],
    keptTooLarge: [...keptTooLarge],
    outdated: [...outdated],
  };
  const target = await findTarget(runtime, run);
  const { tableName } = target;
  const foundRuns = createFoundRuns(run.runId, before.foundRuns?.[tableName]);
  const scope = writeScope(runtime, turn, { tableName, meter });
  return {
    turn,
    context: transformContext(run),
    fileCount: files.length,
    products: readProducts(runtime.objects, files, start),
    window: createProductWindow(start),
    writer: target.isOurs
      ? createBatchWriter(scope)
      : createConditionalWriter({
          ...scope,
          runId: run.runId,
          runStartedAt: run.startedAt,
          onExisting: run.parameters.onExisting,
          objects: runtime.objects,
          noteKept: (kept) => saveUndoRecord(runtime.ledger, run.runId, kept),
          onRead: (units) => {
            meter.readUnits += units;
          },
          saveDeadline: turn.saveDeadline,
          query: queryPartition(runtime.clients.dynamo),
          samples,
          foundRuns,
        }),
    meter,
    samples,
    tableName,
    foundRuns,
    before,
  };
}

/** What a unit has come to. */
interface UnitOutcome {
  /** Whether the last product has been read. */
  readonly isAtEnd: boolean;
  readonly failure?: { readonly error: unknown };
}

/** Reads, transforms and writes for some seconds, one product at least; returns when no request is under way. */
async function migrateSome(migration: Migration): Promise<UnitOutcome> {
  const { writer } = migration;
  try {
    const isAtEnd = await feed(migration);
    await writer.drain();
    return { isAtEnd };
  } catch (error) {
    await writer.settle();
    return { isAtEnd: false, failure: { error } };
  }
}

async function feed(migration: Migration): Promise<boolean> {
  const { turn, products } = migration;
  const until = turn.clock.now() + CHECKPOINT_MILLIS;
  do {
    const next = await products.next();
    if (next.done === true) return true;
    await writeProduct(migration, next.value);
  } while (turn.clock.now() < until && !turn.isShort());
  return false;
}

async function writeProduct({ window, writer, context }: Migration, read: BackedUpProduct): Promise<void> {
  const result = productToItems(read.product, context);
  const { items, texts } = result.kind === 'items' ? result : NOTHING;
  const sweep = items.length === 0 ? undefined : writer.sweep;
  const remaining = items.length + (sweep === undefined ? 0 : 1);
  const product = { remaining, tally: tallyOf(items.length), stem: read.stem, next: read.next };
  window.add(product);
  for (const [index, item] of items.entries()) await writer.write({ item, product, json: texts[index] });
  await sweep?.(product, items);
}

/** Of a product in quarantine. */
const NOTHING = { items: [], texts: [] } as const;

/**
 * Saves what is done, also where the rest has failed.
 *
 * @throws what the unit failed with, unless it passes by itself and the shard has moved on all the same
 */
async function saveUnit(migration: Migration, { isAtEnd, failure }: UnitOutcome): Promise<void> {
  const { turn, window, fileCount } = migration;
  const before = turn.progress.cursor ?? firstProduct;
  const { cursor } = window.advance();
  const done = isAtEnd && window.size === 0 && cursor.filesDone === fileCount;
  const hasMoved = cursor.filesDone > before.filesDone || cursor.productsDone > before.productsDone;
  if (done || hasMoved) await turn.save(progressOf(migration, done));
  if (failure !== undefined && !(hasMoved && isTransient(failure.error))) throw failure.error;
  if (!done && !hasMoved) throw nothingThrough();
}

function progressOf(migration: Migration, done: boolean): Progress<FilesCursor> {
  const { before, window, meter, samples, tableName } = migration;
  const { cursor, totals } = window.advance();
  const found = migration.foundRuns.ids();
  const products = totals.metadata + totals.quarantined;
  const added = Object.entries({ ...totals, products });
  const named = Object.entries(samples).flatMap(([kind, keys]) =>
    keys.length > 0 ? [[kind, [...keys]] as const] : [],
  );
  const sums = added.map(([name, count]) => [name, (before.counters[name] ?? 0) + count] as const);
  return {
    done,
    cursor: done ? undefined : cursor,
    counters: { ...Object.fromEntries(sums), ...meter },
    digests: {},
    ...(named.length > 0 && { samples: Object.fromEntries(named) }),
    ...(found.length > 0 && { foundRuns: { ...before.foundRuns, [tableName]: found } }),
  };
}

/** Called a throttle, because that is what leaves every item of a turn unprocessed; the turn ends, and the next one goes on. */
function nothingThrough(): Error {
  const error = new Error('DynamoDB has left every item of this turn unprocessed.');
  return Object.assign(error, { name: 'ThrottlingException' });
}

function translateMissing(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'ResourceNotFoundException') return error;
  return new TableUnavailableError(
    `The target table has gone while products were being written (${shorten(error.message, 200)}). Check who deleted it, then start again.`,
    { cause: error },
  );
}
