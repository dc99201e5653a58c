import { type BackupFile, listFiles } from '../ledger/file.ts';
import { makesBackup, type Run } from '../ledger/run.ts';
import { listTransformed, type TargetFile, type TransformedFile } from '../ledger/transformed-file.ts';
import type { Runtime } from '../runtime.ts';
import { readBackup } from './backup-catalog.ts';
import { filesOfShard } from './shard-files.ts';
import { tableStem } from './undo-file.ts';

/**
 * Files of the backup that a run migrates, in the order that shards are cut by: its own, from the
 * ledger, or those of a sealed backup of another run, from its manifest.
 *
 * @param segment only the files of this segment
 * @throws BackupNotFoundError, BackupDamagedError (neither retried) where the manifest is needed
 */
export async function filesOfRun(
  runtime: Runtime,
  run: Run,
  segment?: number,
): Promise<readonly BackupFile[]> {
  const own = await listFiles(runtime.ledger, run.runId, segment);
  // Without files of its own, a run has backed up an empty table.
  if (own.length > 0 || makesBackup(run)) return own;
  const { files } = await readBackup(runtime.objects, run.backupId);
  const wanted = files.filter((file) => segment === undefined || file.segment === segment);
  return wanted.toSorted((one, other) => one.segment - other.segment || one.sequence - other.sequence);
}

/** The part of {@link filesOfRun} that one shard works on. */
export async function shardFilesOfRun(
  runtime: Runtime,
  run: Run,
  shard: number,
): Promise<readonly BackupFile[]> {
  return filesOfShard(await filesOfRun(runtime, run), { shard, shardCount: run.plan.shards.length });
}

/** What a data file has become in one table, as a load takes it. */
export interface TargetLoadFile extends Omit<TargetFile, 'table' | 'digest'> {
  /** `<segment>-<sequence>` of the data file. */
  readonly stem: string;
  /** Of the data file: what is counted once it is loaded. */
  readonly counts: Readonly<Record<string, number>>;
}

/** The target files of one shard, in the order of the backup's: the cut is by the items that they hold for this table. */
function targetFilesOfShard(
  transformed: readonly TransformedFile[],
  {
    shard,
    shardCount,
    table,
  }: { readonly shard: number; readonly shardCount: number; readonly table: string },
): readonly TargetLoadFile[] {
  const files = transformed.map((file) => {
    const { products, metadata, variants, quarantined } = file.counts;
    const counts = { products, metadata, variants, quarantined, ...file.kinds };
    const target = file.targets.find((one) => one.table === table);
    const { parts = [], itemCount = 0, bytes = 0, writeUnits = 0 } = target ?? {};
    return { stem: `${file.segment}-${file.sequence}`, parts, itemCount, bytes, writeUnits, counts };
  });
  return filesOfShard(files, { shard, shardCount });
}

/** A file of one of several tables. */
export interface TableLoadFile extends TargetLoadFile {
  /** Name of the table, with the run's prefix. */
  readonly table: string;
}

/**
 * A shard's target files of several tables as one list: first those of the first table, then those of the next. What
 * a data file counts for is counted with the first table.
 */
export async function targetFilesOfTables(
  { ledger }: Pick<Runtime, 'ledger'>,
  { runId, targetMaking: making = 0, plan }: Run,
  { shard, tables }: { readonly shard: number; readonly tables: readonly string[] },
): Promise<readonly TableLoadFile[]> {
  const transformed = await listTransformed(ledger, { runId, making });
  return tables.flatMap((table, number) =>
    targetFilesOfShard(transformed, { shard, shardCount: plan.shards.length, table }).map((file) => ({
      ...file,
      table,
      stem: tableStem(file.stem, number),
      counts: number === 0 ? file.counts : {},
    })),
  );
}
