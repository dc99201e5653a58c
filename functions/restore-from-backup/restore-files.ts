import { hash } from 'node:crypto';
import type { LoadFile } from '../shared/copy/load/read-lines.ts';
import { fileStem } from '../shared/files/layout.ts';
import type { MigrationManifest } from '../shared/files/manifests.ts';
import { filesOfShard } from '../shared/files/shard-files.ts';

/** One data file, as listed in the manifest. */
export type RestorableFile = MigrationManifest['files'][number];

/** Files that one worker reads at once. Each holds at most 8 MiB. */
const FILES_AT_ONCE = 4;

/** Sorts by the hash of the position, which spreads files over the source and is the same in every turn. */
function shuffled(files: readonly RestorableFile[]): readonly RestorableFile[] {
  const rank = new Map(files.map((file) => [file, hash('sha256', `${file.segment}-${file.sequence}`)]));
  const rankOf = (file: RestorableFile): string => rank.get(file) ?? '';
  return files.toSorted((one, other) => (rankOf(one) < rankOf(other) ? -1 : 1));
}

/** One shard's files, in reading order. */
export function restoredFiles(
  files: readonly RestorableFile[],
  shard: { readonly shard: number; readonly shardCount: number },
): readonly RestorableFile[] {
  return filesOfShard(shuffled(files), shard);
}

/**
 * One shard's files in groups whose lines are read in turn. A file holds the source's items in hash order, and a table
 * that keeps the key has the same partitions: writers that took file after file would all write to one hot partition
 * after another. So every worker writes to several partitions at once.
 */
export function loadFiles(
  files: readonly RestorableFile[],
  shard: { readonly shard: number; readonly shardCount: number },
): readonly LoadFile[] {
  const own = restoredFiles(files, shard);
  const groupCount = Math.ceil(own.length / FILES_AT_ONCE);
  return Array.from({ length: groupCount }, (_, group) =>
    loadFileOf(own.slice(group * FILES_AT_ONCE, (group + 1) * FILES_AT_ONCE)),
  );
}

/** Combines files that are read in turn and counted as one. */
function loadFileOf(parts: readonly RestorableFile[]): LoadFile {
  return {
    stem: parts.map(({ key }) => fileStem(key)).join(', '),
    itemCount: parts.reduce((sum, { itemCount }) => sum + itemCount, 0),
    parts,
    isInterleaved: true,
  };
}
