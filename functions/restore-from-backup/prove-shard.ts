import { readManifest } from '../shared/files/backup-catalog.ts';
import { proveFile } from '../shared/files/prove-file.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import { type ShardTurn, takeTurn } from '../shared/copy/shard-turn.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { isExpired } from '../shared/aws/time-to-live.ts';
import { combineDigests, EMPTY_DIGEST } from '../shared/items/digest.ts';
import { orderOf } from '../shared/runs/restore-order.ts';
import { restoredFiles, type RestorableFile } from './restore-files.ts';

/** How many of the shard's files are done. */
interface FilesCursor {
  readonly filesDone: number;
}

interface ProveScope {
  readonly runtime: Runtime;
  readonly files: readonly RestorableFile[];
  readonly timeToLiveAttribute: string | undefined;
}

async function openScope(runtime: Runtime, shard: number, turn: ShardTurn<FilesCursor>): Promise<ProveScope> {
  const { table, files } = await readManifest(runtime.objects, orderOf(turn.run).backupId);
  const own = restoredFiles(files, { shard, shardCount: turn.run.plan.shards.length });
  return { runtime, files: own, timeToLiveAttribute: table.timeToLiveAttribute };
}

async function proveNext(scope: ProveScope, turn: ShardTurn<FilesCursor>): Promise<void> {
  const { counters, digests, cursor } = turn.progress;
  const filesDone = cursor?.filesDone ?? 0;
  const file = scope.files[filesDone];
  if (file === undefined) return turn.save({ ...turn.progress, cursor: undefined, done: true });
  const nowSeconds = Date.parse(turn.run.startedAt) / 1000;
  const expiry = { attributeName: scope.timeToLiveAttribute, nowSeconds };
  let expired = 0;
  await proveFile(scope.runtime.objects, file, (item) => {
    if (isExpired(item, expiry)) expired += 1;
  });
  const done = filesDone + 1 === scope.files.length;
  await turn.save({
    done,
    cursor: done ? undefined : { filesDone: filesDone + 1 },
    counters: {
      items: (counters['items'] ?? 0) + file.itemCount,
      expired: (counters['expired'] ?? 0) + expired,
    },
    digests: { source: combineDigests([digests['source'] ?? EMPTY_DIGEST, file.digest]) },
  });
}

/**
 * Reads one whole shard of the backup before any table is created, and counts the items that have expired since.
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
