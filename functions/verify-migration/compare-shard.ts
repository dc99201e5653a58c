import { targetFilesOfShard } from '../shared/files/run-files.ts';
import {
  cursorBehind,
  FIRST_LINE,
  type LineCursor,
  type ReadLines,
  readLines,
} from '../shared/copy/load/read-lines.ts';
import { itemOfLine } from '../shared/files/read-file.ts';
import { listShards } from '../shared/ledger/shard.ts';
import { isThrottle, isTransient } from '../shared/retry.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import { type Progress, type ShardTurn, takeTurn } from '../shared/copy/shard-turn.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { keyOf } from '../migrations/shop/target-key.ts';
import { readItemsByKey } from '../shared/aws/read-items.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { type Comparison, compareItems } from './compare-items.ts';
import { findVerifiedTarget, type VerifiedTarget, verificationBasis } from './find-target.ts';
import { driftOf } from './judge-digests.ts';

/** One worker's turn at a shard, from its first unit on. */
interface KeyComparison {
  readonly runtime: Runtime;
  readonly turn: ShardTurn<LineCursor>;
  readonly target: VerifiedTarget;
  readonly lines: AsyncGenerator<ReadLines>;
  readonly tally: KeyTally;
}

/** Absolute over the shard. */
interface KeyTally {
  readonly counters: Record<string, number>;
  readonly samples: Record<string, readonly string[]>;
}

/** One read. */
const ITEMS_TOGETHER = 100;
const CHECKPOINT_MILLIS = 5_000;
const MAX_SAMPLES = 20;

/**
 * Compares one shard key by key: what its target files say, with what is there.
 *
 * @throws TableUnavailableError, BackupDamagedError, RunClosedError (none retried)
 */
export async function compareShard(runtime: Runtime, input: WorkerInput, turn: Turn): Promise<WorkerOutput> {
  let comparison: KeyComparison | undefined;
  try {
    return await takeTurn<LineCursor>(
      runtime,
      { input, turn },
      {
        state: 'CompareByKey',
        basis: verificationBasis,
        unit: async (shardTurn) => {
          await shardTurn.fence.check();
          const current = comparison ?? (await openComparison(runtime, input.shard, shardTurn));
          // After a fault the lines are read again, from the checkpoint on.
          comparison = (await compareSome(current)) ? current : undefined;
          if (comparison === undefined) await current.lines.return(undefined);
        },
      },
    );
  } finally {
    await comparison?.lines.return(undefined);
  }
}

async function openComparison(
  runtime: Runtime,
  shard: number,
  turn: ShardTurn<LineCursor>,
): Promise<KeyComparison> {
  const { run, progress } = turn;
  const target = await findVerifiedTarget(runtime, run);
  const files = await targetFilesOfShard(runtime, run, { shard, table: target.tableName });
  const counters =
    progress.cursor === undefined ? await driftCounters(runtime, shard, turn) : { ...progress.counters };
  return {
    runtime,
    turn,
    target,
    lines: readLines(runtime.objects, files, progress.cursor ?? FIRST_LINE),
    tally: { counters, samples: { ...progress.samples } },
  };
}

/** The drift that the Scans have found stands beside what is compared here, so that one state tells everything. */
async function driftCounters(
  runtime: Runtime,
  shard: number,
  { run }: ShardTurn<LineCursor>,
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
  let cursor: LineCursor | undefined;
  let isAtEnd = false;
  let failure: { readonly error: unknown } | undefined;
  try {
    do {
      const group = await takeItems(comparison.lines);
      await compareGroup(comparison, group.items);
      cursor = group.next ?? cursor;
      isAtEnd = group.isAtEnd;
    } while (!isAtEnd && turn.clock.now() < until && !turn.isShort());
  } catch (error) {
    failure = { error };
  }
  if (isAtEnd || cursor !== undefined) await turn.save(progressOf(tally, isAtEnd ? undefined : cursor));
  if (failure !== undefined && !(cursor !== undefined && isTransient(failure.error))) throw failure.error;
  return failure === undefined;
}

/** The next items that the target files expect, fewer only at the end, and where they end. */
async function takeItems(lines: AsyncGenerator<ReadLines>) {
  const items: WireItem[] = [];
  let next: LineCursor | undefined;
  while (items.length < ITEMS_TOGETHER) {
    const read = await lines.next();
    if (read.done === true) return { items, next, isAtEnd: true };
    const { lines: some, file } = read.value;
    items.push(...some.map((line) => itemOfLine(line, { key: file.stem, where: 'A line' })));
    next = cursorBehind(read.value);
  }
  return { items, next, isAtEnd: false };
}

async function compareGroup(comparison: KeyComparison, expected: readonly WireItem[]): Promise<void> {
  const { runtime, turn, target, tally } = comparison;
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

function progressOf({ counters, samples }: KeyTally, cursor: LineCursor | undefined): Progress<LineCursor> {
  return {
    done: cursor === undefined,
    cursor,
    counters: { ...counters },
    digests: {},
    samples: { ...samples },
  };
}
