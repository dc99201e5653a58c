import { describe, expect, it } from 'vitest';
import { estimateRestore } from '../../../functions/shared/cost/estimate-restore.ts';
import { withBulkPutPrice } from '../../support/bulk-put-price.ts';
import { known } from '../../support/known-cost.ts';

const size = {
  region: 'ap-southeast-2',
  items: 1_000_000,
  bytes: 600_000_000,
  files: 260,
  indexes: 0,
  workers: 20,
  shards: 20,
  writeUnitsPerSecond: 0,
};

describe('estimateRestore', () => {
  it('is what a calculator says of a million items of 600 bytes with twenty workers', () => {
    const estimate = known(estimateRestore(size));
    // 600,000,000 / 1,024 + 500,000 = 1,085,937.5 -> 1,085,938 write units at 4,000 a second: 271.48 s.
    // 1,000,000 / 80,000 = 12.5 s; 146,485 + 20 read units at 20,000 a second: 7.33 s. Together 291.31 s and 45 around.
    expect(estimate.seconds).toBeCloseTo(45 + 12.5 + 1_085_938 / 4_000 + 146_505 / 20_000, 6);
    // 60 turns; the ledger's 240 + ceil(5,826.2 / 2.5) = 2,571 reads.
    expect(estimate.parts.reads).toBeCloseTo((146_505 + 2_571) * 0.1423e-6, 8);
    // The ledger's 8 x 260 + 2 x (1,165 + 60) + 60 = 4,590 writes.
    expect(estimate.parts.writes).toBeCloseTo((1_085_938 + 4_590) * 0.7115e-6, 8);
  });

  it('counts every index as another table that is written', () => {
    const writes = (indexes: number): number => known(estimateRestore({ ...size, indexes })).parts.writes;
    const [none, two] = [writes(0), writes(2)];
    expect(two / none).toBeGreaterThan(2.98);
    expect(two / none).toBeLessThan(3.01);
  });

  it('keeps to the cap', () => {
    expect(estimateRestore({ ...size, writeUnitsPerSecond: 1_000 }).seconds).toBeCloseTo(
      45 + 12.5 + 1_085.938 + 146_505 / 20_000,
      6,
    );
  });

  it('says nothing of money in a region without prices', () => {
    expect(estimateRestore({ ...size, region: 'eu-west-1' })).toEqual({
      region: 'eu-west-1',
      seconds: estimateRestore(size).seconds,
    });
  });

  it('by bulk put is priced by the bytes of the table and its indexes, once somebody has written the price down', () => {
    const bulk = { ...size, indexes: 1, writeEngine: 'bulk' } as const;
    expect(estimateRestore(bulk)).toMatchObject({
      unpriced: 'bulk put',
      seconds: expect.closeTo(45 + 12.5 + 146_505 / 20_000, 6),
    });
    withBulkPutPrice('ap-southeast-2', 0.5, () =>
      expect(known(estimateRestore(bulk)).parts.bulkPut).toBeCloseTo((0.5 * 1_200_000_000) / 2 ** 30, 9),
    );
  });
});
