/**
 * The files of one shard: every n-th of the list, so that a shard's files come from all over the source's
 * hash order and a copy that keeps the key does not push all writers through one partition.
 */
export function filesOfShard<File>(
  files: readonly File[],
  { shard, shardCount }: { readonly shard: number; readonly shardCount: number },
): readonly File[] {
  return files.filter((_, index) => index % shardCount === shard);
}
