import {
  type BackedUpProduct,
  type FilesCursor,
  firstProduct,
  readProducts,
  takeProducts,
} from '../shared/files/read-products.ts';
import { shardFilesOfRun } from '../shared/files/run-files.ts';
import { listShards } from '../shared/ledger/shard.ts';
import { isThrottle, isTransient } from '../shared/retry.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import { type Progress, type ShardTurn, takeTurn } from '../shared/copy/shard-turn.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { keyOf } from '../migrations/shop/target-key.ts';
import { productToItems } from '../migrations/shop/product-to-items.ts';
import { transformContext } from '../migrations/shop/transform-context.ts';
import { readItemsByKey } from '../shared/aws/read-items.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { type Comparison, compareItems } from './compare-items.ts';
import { findVerifiedTarget, type VerifiedTarget, verificationVersion } from './find-target.ts';
import { driftOf } from './judge-digests.ts';

/** One worker's turn at a shard, from its first unit on. */
interface KeyComparison {
  readonly runtime: Runtime;
  readonly turn: ShardTurn<FilesCursor>;
  readonly target: VerifiedTarget;
  readonly products: AsyncGenerator<BackedUpProduct>;
  readonly tally: KeyTally;
}

/** Absolute over the shard. */
interface KeyTally {
  readonly counters: Record<string, number>;
  readonly samples: Record<string, readonly string[]>;
}

/** Some hundred keys: one to a few reads. */
const PRODUCTS_TOGETHER = 20;
const CHECKPOINT_MILLIS = 5_000;
const MAX_SAMPLES = 20;

/**
 * Compares one shard key by key: what its files' products should have become, with what stands there.
 *
 * @throws TableUnavailableError, BackupDamagedError, RunClosedError (none retried)
 */
export async function compareShard(runtime: Runtime, input: WorkerInput, turn: Turn): Promise<WorkerOutput> {
  let comparison: KeyComparison | undefined;
  try {
    return await takeTurn<FilesCursor>(
      runtime,
      { input, turn },
      {
        state: 'CompareByKey',
        codeVersion: verificationVersion(input.executionArn),
        isTiedToCode: true,
        unit: async (shardTurn) => {
          await shardTurn.fence.check();
          const current = comparison ?? (await openComparison(runtime, input.shard, shardTurn));
          // After a fault the products are read again, from the checkpoint on.
          comparison = (await compareSome(current)) ? current : undefined;
          if (comparison === undefined) await current.products.return(undefined);
        },
      },
    );
  } finally {
    await comparison?.products.return(undefined);
  }
}

async function openComparison(
  runtime: Runtime,
  shard: number,
  turn: ShardTurn<FilesCursor>,
): Promise<KeyComparison> {
  const { run, progress } = turn;
  const files = (await shardFilesOfRun(runtime, run, shard)).filter(({ itemCount }) => itemCount > 0);
  const counters =
    progress.cursor === undefined ? await driftCounters(runtime, shard, turn) : { ...progress.counters };
  return {
    runtime,
    turn,
    target: await findVerifiedTarget(runtime, run),
    products: readProducts(runtime.objects, files, progress.cursor ?? firstProduct),
    tally: { counters, samples: { ...progress.samples } },
  };
}

/** The drift that the Scans have found stands beside what is compared here, so that one state tells everything. */
async function driftCounters(
  runtime: Runtime,
  shard: number,
  { run }: ShardTurn<FilesCursor>,
): Promise<Record<string, number>> {
  const scanned = await listShards(runtime.ledger, run.runId, 'VerifyMigration');
  const hasDrifted = Object.values(run.verification?.drift ?? {}).some((drifted) => drifted > 0);
  const own = scanned.filter((segment) => hasDrifted && segment.shard % run.plan.shards.length === shard);
  const { added, changed, removed } = driftOf(own);
  return { driftAdded: added, driftChanged: changed, driftRemoved: removed };
}

/** @returns false after a fault that passes by itself, once something has been saved all the same */
async function compareSome(comparison: KeyComparison): Promise<boolean> {
  const { turn, tally } = comparison;
  const until = turn.clock.now() + CHECKPOINT_MILLIS;
  let cursor: FilesCursor | undefined;
  let isAtEnd = false;
  let failure: { readonly error: unknown } | undefined;
  try {
    do {
      const group = await takeProducts(comparison.products, PRODUCTS_TOGETHER);
      await compareGroup(comparison, group);
      cursor = group.at(-1)?.next ?? cursor;
      isAtEnd = group.length < PRODUCTS_TOGETHER;
    } while (!isAtEnd && turn.clock.now() < until && !turn.isShort());
  } catch (error) {
    failure = { error };
  }
  if (isAtEnd || cursor !== undefined) await turn.save(progressOf(tally, isAtEnd ? undefined : cursor));
  if (failure !== undefined && !(cursor !== undefined && isTransient(failure.error))) throw failure.error;
  return failure === undefined;
}

async function compareGroup(comparison: KeyComparison, group: readonly BackedUpProduct[]): Promise<void> {
  const { runtime, turn, target, tally } = comparison;
  const context = transformContext(turn.run);
  const expected = group.flatMap(({ product }): readonly WireItem[] => {
    const result = productToItems(product, context);
    return result.kind === 'items' ? result.items : [];
  });
  const existing = await readItemsByKey(
    {
      items: runtime.items,
      tableName: target.tableName,
      retry: (attempt) => turn.retry(attempt, (error) => isThrottle(error) && count(tally, { throttles: 1 })),
      onRead: (readUnits) => count(tally, { readUnits }),
    },
    expected.map(keyOf),
  );
  const { runId, startedAt: runStartedAt } = turn.run;
  const compared = { runId, runStartedAt, isCreated: target.isCreated };
  addComparison(tally, compareItems({ expected, existing }, compared));
}

function addComparison(tally: KeyTally, { counts, samples }: Comparison): void {
  const { same, missing, different, changedSince, presentDifferent } = counts;
  const alreadyPresent = counts.alreadyPresent + presentDifferent;
  const found = same + different + changedSince + alreadyPresent;
  const expected = found + missing;
  count(tally, { items: expected, expected, found, same, missing, different, changedSince });
  count(tally, { alreadyPresent, presentDifferent });
  for (const [kind, keys] of Object.entries(samples)) {
    tally.samples[kind] = [...(tally.samples[kind] ?? []), ...keys].slice(0, MAX_SAMPLES);
  }
}

function count({ counters }: KeyTally, added: Readonly<Record<string, number>>): void {
  for (const [name, number] of Object.entries(added)) counters[name] = (counters[name] ?? 0) + number;
}

function progressOf({ counters, samples }: KeyTally, cursor: FilesCursor | undefined): Progress<FilesCursor> {
  return {
    done: cursor === undefined,
    cursor,
    counters: { ...counters },
    digests: {},
    samples: { ...samples },
  };
}
