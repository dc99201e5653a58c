/** What the cut goes by. */
interface CountedFile {
  readonly itemCount: number;
}

/**
 * The files of one shard, in the order of the list. The largest files are dealt out first, each to the shard
 * that has the fewest items so far, so that no worker has much more to do than another; and a shard's files
 * come from all over the source's hash order, so that a copy that keeps the key does not push all writers
 * through one partition. Every worker cuts the same list in the same way.
 */
export function filesOfShard<File extends CountedFile>(
  files: readonly File[],
  { shard, shardCount }: { readonly shard: number; readonly shardCount: number },
): readonly File[] {
  const loads = Array.from({ length: shardCount }, () => 0);
  const own = new Set<File>();
  // The sort is stable: files of one size stay in the list's order.
  for (const file of files.toSorted((one, other) => other.itemCount - one.itemCount)) {
    const lightest = indexOfLeast(loads);
    loads[lightest] = (loads[lightest] ?? 0) + file.itemCount;
    if (lightest === shard) own.add(file);
  }
  return files.filter((file) => own.has(file));
}

function indexOfLeast(numbers: readonly number[]): number {
  let least = 0;
  for (let index = 1; index < numbers.length; index += 1)
    if ((numbers[index] ?? 0) < (numbers[least] ?? 0)) least = index;
  return least;
}
