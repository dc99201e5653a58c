import {
  type BackedUpProduct,
  type FilesCursor,
  firstProduct,
  readProducts,
  takeProducts,
} from '../backup/read-products.ts';
import { shardFilesOfRun } from '../backup/run-files.ts';
import type { Run } from '../ledger/run.ts';
import { findShard, saveShard, type Shard } from '../ledger/shard.ts';
import { listTables } from '../ledger/table-record.ts';
import { isTransient } from '../retry.ts';
import type { Runtime } from '../runtime.ts';
import { tableName } from '../tables/table-spec.ts';
import { catalogueTable } from '../tables/target-tables.ts';
import { transformContext } from '../transform/transform-context.ts';
import { createItemTaker, type ItemTaker, type TakeBackCounts } from './item-taker.ts';

/** Who takes back, and how long it may take. */
export interface TakeBackItems {
  readonly run: Run;
  /** Epoch milliseconds after which no request begins. */
  readonly deadline: number;
  /** Awaited before every request that changes something; what it throws ends the call. */
  readonly check: () => Promise<void>;
}

/** What was taken out of a table that existed before. */
export interface ItemsTakenBack extends TakeBackCounts {
  /** False: time was short, and the next call goes on. */
  readonly done: boolean;
  /** Keys of items that stay because somebody has changed them since; at most 20. */
  readonly keptKeys: readonly string[];
}

/** Products whose items are looked at together: some hundred keys, one to a few reads. */
const PRODUCTS_TOGETHER = 20;
const CHECKPOINT_MILLIS = 5_000;
const NOTHING: TakeBackCounts = { deleted: 0, restored: 0, kept: 0 };

/**
 * Takes a run's items out of a `products-enhanced` that was there before the run: deletes what the run
 * added and puts back what it replaced, each on the condition that every attribute is as the run wrote
 * it. What the shop has changed stays and is named. Does nothing where the run created the table itself.
 * Idempotent; goes on at its checkpoint.
 *
 * @throws BackupDamagedError (not retried), what `check` throws, and throttling that outlasts the deadline
 */
export async function takeBackItems(runtime: Runtime, scope: TakeBackItems): Promise<ItemsTakenBack> {
  const name = tableName(catalogueTable, runtime.config.tablePrefix);
  const tables = await listTables(runtime.ledger, scope.run.runId);
  const isTheirs = tables.some((table) => table.name === name && table.outcome === 'EXISTED');
  let total: ItemsTakenBack = { ...NOTHING, done: true, keptKeys: [] };
  for (const shard of isTheirs ? scope.run.plan.shards : []) {
    const taken = await takeBackShard(runtime, scope, { shard, name });
    total = addUp(total, taken);
    if (!taken.done) break;
  }
  return total;
}

interface ShardScope {
  readonly shard: number;
  readonly name: string;
}

type RollBackShard = Shard<FilesCursor>;

async function takeBackShard(
  runtime: Runtime,
  scope: TakeBackItems,
  { shard, name }: ShardScope,
): Promise<ItemsTakenBack> {
  const { run, deadline } = scope;
  const { clock, ledger } = runtime;
  let saved = await findShard<FilesCursor>(ledger, run.runId, 'RollBack', shard);
  if (saved?.done === true) return resultOf(saved);
  const files = (await shardFilesOfRun(runtime, run, shard)).filter(({ itemCount }) => itemCount > 0);
  const products = readProducts(runtime.objects, files, saved?.cursor ?? firstProduct);
  const taker = createItemTaker(runtime, {
    ...scope,
    tableName: name,
    context: transformContext(run, runtime.config),
  });
  try {
    do {
      const step = await takeSome(taker, products, () => clock.now() >= deadline);
      saved = await checkpoint(runtime, { run, shard, before: saved }, { ...step, taker });
    } while (!saved.done && clock.now() < deadline);
  } finally {
    await products.return(undefined);
  }
  return resultOf(saved);
}

interface Step {
  readonly cursor: FilesCursor | undefined;
  readonly isAtEnd: boolean;
}

/** Some seconds of work, one group of products at least. A fault that outlasts the deadline only ends it. */
async function takeSome(
  taker: ItemTaker,
  products: AsyncGenerator<BackedUpProduct>,
  isShort: () => boolean,
): Promise<Step> {
  const until = taker.now() + CHECKPOINT_MILLIS;
  let cursor: FilesCursor | undefined;
  try {
    do {
      const group = await takeProducts(products, PRODUCTS_TOGETHER);
      await taker.takeBack(group);
      cursor = group.at(-1)?.next ?? cursor;
      if (group.length < PRODUCTS_TOGETHER) return { cursor, isAtEnd: true };
    } while (taker.now() < until && !isShort());
  } catch (error) {
    if (!isTransient(error) || !isShort()) throw error;
  }
  return { cursor, isAtEnd: false };
}

interface Standing {
  readonly run: Run;
  readonly shard: number;
  readonly before: RollBackShard | undefined;
}

async function checkpoint(
  { ledger, clock }: Runtime,
  { run, shard, before }: Standing,
  step: Step & { readonly taker: ItemTaker },
): Promise<RollBackShard> {
  const { counts, keptKeys } = step.taker.take();
  const { counters = {}, samples, version = 0, startedAt = clock.now(), turns = 0 } = before ?? {};
  const sums = Object.entries(counts).map(([key, count]) => [key, (counters[key] ?? 0) + count] as const);
  const items = Object.values(counts).reduce((sum, count) => sum + count, counters['items'] ?? 0);
  const next = {
    state: 'RollBack',
    shard,
    done: step.isAtEnd,
    turns: turns + 1,
    cursor: step.isAtEnd ? undefined : (step.cursor ?? before?.cursor),
    counters: { ...Object.fromEntries(sums), items },
    digests: {},
    samples: { kept: [...(samples?.['kept'] ?? []), ...keptKeys].slice(0, 20) },
    codeVersion: run.codeVersion,
    startedAt,
    updatedAt: clock.now(),
    marks: [],
  } as const;
  const writer = crypto.randomUUID();
  const saved = await saveShard(ledger, { runId: run.runId, shard: next, previousVersion: version, writer });
  return { ...next, version: saved, writer };
}

function resultOf({ done, counters, samples }: RollBackShard): ItemsTakenBack {
  const { deleted = 0, restored = 0, kept = 0 } = counters;
  return { done, deleted, restored, kept, keptKeys: samples?.['kept'] ?? [] };
}

function addUp(one: ItemsTakenBack, other: ItemsTakenBack): ItemsTakenBack {
  return {
    done: one.done && other.done,
    deleted: one.deleted + other.deleted,
    restored: one.restored + other.restored,
    kept: one.kept + other.kept,
    keptKeys: [...one.keptKeys, ...other.keptKeys].slice(0, 20),
  };
}
