import { readManifest } from '../shared/files/backup-catalog.ts';
import { proveFile } from '../shared/files/prove-file.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import { type ShardTurn, takeTurn } from '../shared/copy/shard-turn.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { isExpired } from '../shared/aws/time-to-live.ts';
import { combineDigests, EMPTY_DIGEST } from '../shared/items/digest.ts';
import { orderOf } from '../shared/runs/restore-order.ts';
import { addTo } from '../shared/copy/load/load-window.ts';
import { createTally } from '../shared/copy/verify/tally.ts';
import { type IndexLook, lookAtIndexes } from './left-out-indexes.ts';
import { restoredFiles, type RestorableFile } from './restore-files.ts';

/** How many of the shard's files are done. */
interface FilesCursor {
  readonly filesDone: number;
}

interface ProveScope {
  readonly runtime: Runtime;
  readonly files: readonly RestorableFile[];
  readonly timeToLiveAttribute: string | undefined;
  readonly indexes: IndexLook;
}

async function openScope(runtime: Runtime, shard: number, turn: ShardTurn<FilesCursor>): Promise<ProveScope> {
  const { table, files } = await readManifest(runtime.objects, orderOf(turn.run).backupId);
  const own = restoredFiles(files, { shard, shardCount: turn.run.plan.shards.length });
  const { timeToLiveAttribute } = table;
  return { runtime, files: own, timeToLiveAttribute, indexes: lookAtIndexes(table) };
}

async function proveNext(scope: ProveScope, turn: ShardTurn<FilesCursor>): Promise<void> {
  const { digests, cursor } = turn.progress;
  const filesDone = cursor?.filesDone ?? 0;
  const file = scope.files[filesDone];
  if (file === undefined) return turn.save({ ...turn.progress, cursor: undefined, done: true });
  const nowSeconds = Date.parse(turn.run.startedAt) / 1000;
  const expiry = { attributeName: scope.timeToLiveAttribute, nowSeconds };
  const { indexes } = scope;
  const tally = createTally({ counters: ['items', 'expired', ...indexes.counters] }, turn.progress);
  await proveFile(scope.runtime.objects, file, (item) => {
    if (isExpired(item, expiry)) addTo(tally.counters, { expired: 1 });
    indexes.see(item, tally);
  });
  addTo(tally.counters, { items: file.itemCount });
  const done = filesDone + 1 === scope.files.length;
  await turn.save({
    ...tally.saved(),
    done,
    cursor: done ? undefined : { filesDone: filesDone + 1 },
    digests: { source: combineDigests([digests['source'] ?? EMPTY_DIGEST, file.digest]) },
  });
}

/**
 * Reads one whole shard of the backup before any table is created, and counts the items that have expired since and
 * those that an index of the table cannot hold.
 *
 * @throws BackupDamagedError naming the file, RunClosedError; neither is retried.
 */
export function proveShard(runtime: Runtime, input: WorkerInput, turn: Turn): Promise<WorkerOutput> {
  let scope: ProveScope | undefined;
  return takeTurn<FilesCursor>(
    runtime,
    { input, turn },
    {
      state: 'ProveBackup',
      unit: async (shardTurn) => {
        await shardTurn.fence.check();
        scope ??= await openScope(runtime, input.shard, shardTurn);
        await proveNext(scope, shardTurn);
      },
    },
  );
}
