import { hash } from 'node:crypto';
import type { MigrationManifest } from '../shared/files/manifests.ts';
import type { ObjectStore } from '../shared/aws/object-store.ts';
import { readItems } from '../shared/files/read-file.ts';
import { filesOfShard } from '../shared/files/shard-files.ts';
import type { WireItem } from '../shared/items/wire-item.ts';

/** One data file, as the manifest lists it. */
export type RestorableFile = MigrationManifest['files'][number];

/** Files that one worker reads at once, item by item in turn; each holds 8 MiB at most. */
const filesAtOnce = 4;

/** By hash of the position: spread over the source, and the same in every turn. */
function shuffled(files: readonly RestorableFile[]): readonly RestorableFile[] {
  const rank = new Map(files.map((file) => [file, hash('sha256', `${file.segment}-${file.sequence}`)]));
  const rankOf = (file: RestorableFile): string => rank.get(file) ?? '';
  return files.toSorted((one, other) => (rankOf(one) < rankOf(other) ? -1 : 1));
}

/**
 * One shard's files in groups that are read together. A file holds the source's items in hash order, and a
 * table that keeps the key has the same partitions: writers that took file after file would all roll over
 * one hot partition after another. So every worker writes to several places at once.
 */
export function fileGroups(
  files: readonly RestorableFile[],
  shard: { readonly shard: number; readonly shardCount: number },
): readonly (readonly RestorableFile[])[] {
  const own = filesOfShard(shuffled(files), shard);
  const groupCount = Math.ceil(own.length / filesAtOnce);
  return Array.from({ length: groupCount }, (_, group) =>
    own.slice(group * filesAtOnce, (group + 1) * filesAtOnce),
  );
}

/** The files' items, one of each in turn; the same order every time. */
export async function* interleave(
  objects: ObjectStore,
  files: readonly RestorableFile[],
): AsyncGenerator<WireItem> {
  let sources = files.map((file) => readItems(objects, file));
  try {
    while (sources.length > 0) {
      const ended = new Set<AsyncGenerator<WireItem>>();
      for (const source of sources) {
        const next = await source.next();
        if (next.done === true) ended.add(source);
        else yield next.value;
      }
      if (ended.size > 0) sources = sources.filter((source) => !ended.has(source));
    }
  } finally {
    await Promise.all(sources.map((source) => source.return(undefined)));
  }
}
