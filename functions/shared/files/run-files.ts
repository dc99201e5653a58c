import { type BackupFile, listFiles } from '../ledger/file.ts';
import type { Run } from '../ledger/run.ts';
import type { Runtime } from '../runtime.ts';
import { readBackup } from './backup-catalog.ts';
import { filesOfShard } from './shard-files.ts';

/**
 * Files of the backup that a run migrates, in the order that shards are cut by: its own, from the
 * ledger, or those of a sealed backup of another run, from its manifest.
 *
 * @throws BackupNotFoundError, BackupDamagedError (neither retried) where the manifest is needed
 */
export async function filesOfRun(runtime: Runtime, run: Run): Promise<readonly BackupFile[]> {
  const own = await listFiles(runtime.ledger, run.runId);
  if (own.length > 0 || run.kind !== 'manual') return own;
  const { files } = await readBackup(runtime.objects, run.backupId);
  return files.toSorted((one, other) => one.segment - other.segment || one.sequence - other.sequence);
}

/** The part of {@link filesOfRun} that one shard works on. */
export async function shardFilesOfRun(
  runtime: Runtime,
  run: Run,
  shard: number,
): Promise<readonly BackupFile[]> {
  return filesOfShard(await filesOfRun(runtime, run), { shard, shardCount: run.plan.shards.length });
}
