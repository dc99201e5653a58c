import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filesOfShard } from '../../../functions/shared/files/shard-files.ts';

const cut = (counts: readonly number[], shardCount: number) => {
  const files = counts.map((itemCount, index) => ({ itemCount, index }));
  return Array.from({ length: shardCount }, (_, shard) => filesOfShard(files, { shard, shardCount }));
};
const items = (files: readonly { readonly itemCount: number }[]): number =>
  files.reduce((sum, { itemCount }) => sum + itemCount, 0);

describe('filesOfShard', () => {
  it('gives every worker as much where each segment ends in a small file', () => {
    const shards = cut([4_000, 1_000, 4_000, 1_000], 2);

    expect(shards.map(items)).toEqual([5_000, 5_000]);
  });

  it('gives every file to one shard, in order, and none much more than another', () => {
    const counts = fc.array(fc.integer({ min: 0, max: 4_000 }), { maxLength: 60 });
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 12 }), (sizes, shardCount) => {
        const shards = cut(sizes, shardCount);
        const indexes = shards.map((files) => files.map(({ index }) => index));
        expect(indexes.flat().toSorted((one, other) => one - other)).toEqual(sizes.map((_, index) => index));
        for (const own of indexes) expect(own).toEqual(own.toSorted((one, other) => one - other));
        const loads = shards.map(items);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(Math.max(0, ...sizes));
      }),
    );
  });

  it('leaves shards empty when there are more of them than files', () => {
    expect(cut([7], 3).map((files) => files.length)).toEqual([1, 0, 0]);
  });
});
