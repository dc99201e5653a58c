import { readManifest } from '../shared/files/backup-catalog.ts';
import { keyOfDescription } from '../shared/aws/table-description.ts';
import { createRate } from '../shared/copy/rate.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import { type Progress, type ShardTurn, takeTurn } from '../shared/copy/shard-turn.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { batchWriter, type ItemWriter, missingItemsWriter, type WriteCounts } from './item-writer.ts';
import { orderOf } from './payloads.ts';
import { fileGroups, interleave, type RestorableFile } from './restore-files.ts';
import { isAlone } from './restore-mode.ts';

/** Groups of files that are done, and items of the next one. */
interface GroupCursor {
  readonly groupsDone: number;
  readonly itemsDone: number;
}

interface RestoreScope {
  readonly runtime: Runtime;
  readonly groups: readonly (readonly RestorableFile[])[];
  readonly writer: ItemWriter;
  /** Counters of the shard when this turn began; the writer's come on top. */
  readonly before: Progress<GroupCursor>['counters'];
}

/** A turn that dies repeats at most what it wrote in this time. */
const checkpointMillis = 15_000;
/** Even a turn without any time writes one batch, so that every turn gets on. */
const leastItems = 25;

async function openScope(
  runtime: Runtime,
  shard: number,
  turn: ShardTurn<GroupCursor>,
): Promise<RestoreScope> {
  const { plan } = turn.run;
  const { backupId, targetTable } = orderOf(turn.run);
  const { table, files } = await readManifest(runtime.objects, backupId);
  const { clock, deadline } = turn;
  const newWriter = (await isAlone(runtime, turn.run)) ? batchWriter : missingItemsWriter;
  const writer = newWriter({
    items: runtime.items,
    tableName: targetTable,
    key: keyOfDescription(table),
    rate: createRate({ unitsPerSecond: plan.writeUnitsPerSecond / plan.workers, clock, deadline }),
    checkFence: () => turn.fence.check(),
    retry: (attempt, onRetry) => turn.retry(attempt, onRetry),
  });
  const groups = fileGroups(files, { shard, shardCount: plan.shards.length });
  return { runtime, groups, writer, before: turn.progress.counters };
}

const countNames = [
  'written',
  'alreadyPresent',
  'keptDifferent',
  'writeUnits',
  'throttles',
] as const satisfies readonly (keyof WriteCounts)[];

function countersOf({ before, writer }: RestoreScope): Record<string, number> {
  const sums = countNames.map((name) => [name, (before[name] ?? 0) + writer.counts[name]] as const);
  const counters: Record<string, number> = Object.fromEntries(sums);
  const { written = 0, alreadyPresent = 0, keptDifferent = 0 } = counters;
  return { ...counters, items: written + alreadyPresent + keptDifferent };
}

async function checkpoint(
  scope: RestoreScope,
  turn: ShardTurn<GroupCursor>,
  cursor: GroupCursor,
): Promise<void> {
  await scope.writer.drain();
  const done = cursor.groupsDone === scope.groups.length;
  await turn.save({ done, cursor: done ? undefined : cursor, counters: countersOf(scope), digests: {} });
}

/** Writes a group from where the last checkpoint left it, until it ends or it is time for a checkpoint. */
async function writeGroup(scope: RestoreScope, turn: ShardTurn<GroupCursor>): Promise<void> {
  const { groupsDone, itemsDone } = turn.progress.cursor ?? { groupsDone: 0, itemsDone: 0 };
  const group = scope.groups[groupsDone];
  if (group === undefined) return checkpoint(scope, turn, { groupsDone: scope.groups.length, itemsDone: 0 });
  const checkpointAt = Math.min(turn.clock.now() + checkpointMillis, turn.deadline);
  let taken = 0;
  for await (const item of interleave(scope.runtime.objects, group)) {
    if (taken >= itemsDone + leastItems && turn.clock.now() >= checkpointAt)
      return checkpoint(scope, turn, { groupsDone, itemsDone: taken });
    taken += 1;
    if (taken > itemsDone) await scope.writer.put(item);
  }
  await checkpoint(scope, turn, { groupsDone: groupsDone + 1, itemsDone: 0 });
}

/**
 * Writes one shard of the backup into the target: into a table of this run's with batches, into any other only
 * what is missing. Safe to be repeated from any checkpoint.
 *
 * @throws BackupDamagedError, ItemRefusedError, RunClosedError; none is retried.
 */
export function restoreShard(runtime: Runtime, input: WorkerInput, turn: Turn): Promise<WorkerOutput> {
  let scope: RestoreScope | undefined;
  return takeTurn<GroupCursor>(
    runtime,
    { input, turn },
    {
      state: 'RestoreProducts',
      unit: async (shardTurn) => {
        scope ??= await openScope(runtime, input.shard, shardTurn);
        try {
          await writeGroup(scope, shardTurn);
        } catch (error) {
          await scope.writer.abandon();
          throw error;
        }
      },
    },
  );
}
