import { describe, expect, it } from 'vitest';
import { estimateRun } from '../../../functions/shared/cost/estimate.ts';
import type { RunSize } from '../../../functions/shared/cost/run-size.ts';
import { migration } from '../../../functions/migrations/shop/index.ts';
import { withBulkPutPrice } from '../../support/bulk-put-price.ts';
import { known } from '../../support/known-cost.ts';

/** A migration that fills one table with so many indexes. */
function indexed(count: number): NonNullable<RunSize['migration']> {
  const indexes = Array.from({ length: count }, (_, at) => ({
    name: `Index${at}`,
    key: { partitionKey: 'code' },
    projection: 'ALL' as const,
  }));
  const [table] = migration.filled;
  if (table === undefined) throw new Error('The shop fills a table.');
  const filled = [{ ...table, indexes }];
  return { targets: filled, filled };
}

const sydney = { region: 'ap-southeast-2' } as const;

/*
 * Worked by hand, with the prices of ap-southeast-2:
 * write unit 0.7115e-6, read unit 0.1423e-6, PUT 5.5e-6, GET 0.44e-6, GB-second 13.3334e-6, call 0.2e-6, transition 25e-6.
 */
describe('estimateRun', () => {
  it('is what a calculator says of 6 products of 500 bytes with one worker', () => {
    const estimate = known(estimateRun({ ...sydney, products: 6, bytes: 3_000, workers: 1 }));
    // Target: 6 x (500 + 300) + 6 x 4 x 400 = 14,400 bytes; 6 x (1 + 4) writes.
    expect(estimate.items).toBe(30);
    expect(estimate.writeUnits).toBe(30);
    // Source ceil(3,000 / 4,096) + 1 = 2, twice; target ceil(14,400 / 4,096) + 1 = 5.
    expect(estimate.readUnits).toBe(9);
    // 2 + 2/1,000, 2 + 6/4,000, 2 + 30/2,000, 2 + 2/1,000 + 5/1,000 = 8.0255; and 45 around them.
    expect(estimate.seconds).toBeCloseTo(53.0255, 4);
    expect(estimate.secondsAtCaps).toBeCloseTo(53.0255, 4);
    // 25 + 4 iterations + 2 x 4 turns = 37 transitions.
    expect(estimate.parts.transitions).toBeCloseTo(37 * 25e-6, 9);
    // Ledger: 4 x 4 + ceil(8.0255 / 2.5) = 20 reads, 8 x 1 file + 2 x (4 turns + 1) + 60 = 78 writes.
    expect(estimate.parts.reads).toBeCloseTo((9 + 20) * 0.1423e-6, 12);
    expect(estimate.parts.writes).toBeCloseTo((30 + 78) * 0.7115e-6, 12);
    // 1 file: 11 PUTs, 12 GETs.
    expect(estimate.parts.s3).toBeCloseTo(11 * 5.5e-6 + 12 * 0.44e-6, 12);
    // 13 calls; 1.7275 GB x 8.0255 s + 0.5 GB x 18 s = 22.8644 GB-seconds.
    expect(estimate.parts.lambda).toBeCloseTo(13 * 0.2e-6 + 22.8644 * 13.3334e-6, 8);
    // Together 0.0013792 dollars: twelve paise.
    expect(estimate.dollars).toBeCloseTo(0.0013792, 6);
    expect(estimate.rupees).toBeCloseTo(0.1214, 3);
  });

  it('is what a calculator says of 1,000 products of 1,000 bytes with four workers', () => {
    const estimate = known(estimateRun({ ...sydney, products: 1_000, bytes: 1_000_000, workers: 4 }));
    // METADATA of 1,300 bytes costs two units: 1,000 x (2 + 4).
    expect(estimate.items).toBe(5_000);
    expect(estimate.writeUnits).toBe(6_000);
    // Source 245 + 4 twice, target ceil(2,900,000 / 4,096) + 4 = 713.
    expect(estimate.readUnits).toBe(2 * 249 + 713);
    // 2 + 249/4,000; 2 + 1,000/16,000; 2 + 6,000/4,000 cold, 6,000/8,000 at the caps; 2 + 249/4,000 + 713/4,000.
    expect(estimate.seconds).toBeCloseTo(45 + 2.06225 + 2.0625 + 3.5 + 2.2405, 6);
    expect(estimate.secondsAtCaps).toBeCloseTo(45 + 2.06225 + 2.0625 + 2.75 + 2.2405, 6);
    // 25 + 16 + 32 transitions; the ledger's 80 reads and 32 + 2 x (16 + 7) + 60 = 138 writes; 14 PUTs and 18 GETs.
    expect(estimate.parts.transitions).toBeCloseTo(73 * 25e-6, 9);
    expect(estimate.parts.reads).toBeCloseTo((1_211 + 80) * 0.1423e-6, 12);
    expect(estimate.parts.writes).toBeCloseTo((6_000 + 138) * 0.7115e-6, 12);
    expect(estimate.parts.s3).toBeCloseTo(14 * 5.5e-6 + 18 * 0.44e-6, 12);
    // 0.0018 + 0.000184 + 0.004367 + 0.000085 + 0.001034.
    expect(estimate.dollars).toBeCloseTo(0.0074948, 5);
  });

  it('is what a calculator says of a million products of 600 bytes with twenty workers', () => {
    const estimate = known(estimateRun({ ...sydney, products: 1_000_000, bytes: 600_000_000, workers: 20 }));
    expect(estimate.writeUnits).toBe(5_000_000);
    const phase = (state: string) => estimate.phases.find((one) => one.state === state);
    // 5,000,000 / 4,000 = 1,250 s = 20.8 minutes on a cold table, 125 s at the quota of 40,000.
    expect(phase('MigrateProducts')?.seconds).toBe(2 + 1_250);
    // The target's 610,352 + 20 units are read at 12,000 a second, or, once it is warm, both tables' at the workers' 20,000.
    expect(phase('VerifyMigration')?.seconds).toBeCloseTo(2 + 610_372 / 12_000, 6);
    expect(estimate.seconds - estimate.secondsAtCaps).toBeCloseTo(
      1_250 - 125 + 610_372 / 12_000 - (610_372 + 146_505) / 20_000,
      6,
    );
    // Each of the twenty shards then lasts 1,252 s: two turns of at most 840 s.
    expect(phase('MigrateProducts')?.turns).toBe(40);
    // Source 146,485 + 20 = 146,505 units at 12,000 a second.
    expect(phase('BackupProducts')).toEqual({
      state: 'BackupProducts',
      seconds: 2 + 146_505 / 12_000,
      turns: 20,
    });
    // 25 + 80 iterations + 2 x 100 turns.
    expect(estimate.parts.transitions).toBeCloseTo(305 * 25e-6, 9);
    // The Maps last 1,333.57 s, times twenty workers. 903,382 and the ledger's 400 + 10,669.
    expect(estimate.parts.reads).toBeCloseTo(914_451 * 0.1423e-6, 8);
    // 5,000,000 and the ledger's 8 x 260 + 2 x (100 + 5,334) + 60.
    expect(estimate.parts.writes).toBeCloseTo(5_013_008 * 0.7115e-6, 8);
    // 50,000 products a segment, 4,000 a file: 20 x 13 files.
    expect(estimate.parts.s3).toBeCloseTo(270 * 5.5e-6 + 530 * 0.44e-6, 9);
    // 109 calls; 1.7275 GB x 20 x 1,333.57 s and 9 GB-seconds: 61 cents.
    expect(estimate.parts.lambda).toBeCloseTo(0.6145, 3);
    // 0.1301 + 3.5668 + 0.0017 + 0.6145 + 0.0076.
    expect(estimate.dollars).toBeCloseTo(4.3207, 3);
    expect(estimate.rupees).toBeCloseTo(380, 0);
  });

  it('grows linearly with the table', () => {
    const small = known(estimateRun({ ...sydney, products: 2_000_000, bytes: 2e9, workers: 20 }));
    const large = known(estimateRun({ ...sydney, products: 4_000_000, bytes: 4e9, workers: 20 }));
    expect(large.writeUnits).toBe(2 * small.writeUnits);
    expect(large.dollars / small.dollars).toBeGreaterThan(1.9);
    expect(large.dollars / small.dollars).toBeLessThan(2.01);
  });

  it('keeps to the caps', () => {
    const capped = known(
      estimateRun({
        ...sydney,
        products: 10_000,
        bytes: 4_096_000,
        workers: 4,
        readUnitsPerSecond: 100,
        writeUnitsPerSecond: 50,
      }),
    );
    const phase = (state: string) => capped.phases.find((one) => one.state === state)?.seconds ?? 0;
    // 1,000 + 4 units at 100 a second; 50,000 units at 50 a second.
    expect(phase('BackupProducts')).toBeCloseTo(2 + 10.04, 6);
    expect(phase('MigrateProducts')).toBeCloseTo(2 + 1_000, 6);
  });

  it('prices a provisioned source only where it is read on demand', () => {
    const onDemand = known(estimateRun({ ...sydney, products: 1_000, bytes: 1_000_000, workers: 4 }));
    const provisioned = known(
      estimateRun({
        ...sydney,
        products: 1_000,
        bytes: 1_000_000,
        workers: 4,
        sourceBilling: 'PROVISIONED',
      }),
    );
    expect(onDemand.parts.reads - provisioned.parts.reads).toBeCloseTo(498 * 0.1423e-6, 12);
  });

  it('takes a rehearsal in place of assumptions', () => {
    const rehearsal = { metadata: 194, variants: 194, targetBytes: 200_000 };
    const estimate = known(estimateRun({ ...sydney, products: 194, bytes: 150_000, workers: 1, rehearsal }));
    expect(estimate).toMatchObject({ items: 388, writeUnits: 388, rehearsed: true });
    const exact = { ...rehearsal, writeUnits: 401 };
    expect(
      estimateRun({ ...sydney, products: 194, bytes: 150_000, workers: 1, rehearsal: exact }).writeUnits,
    ).toBe(401);
  });

  it('counts what the indexes of the filled tables take, in units and in dollars', () => {
    const rehearsal = { metadata: 194, variants: 194, targetBytes: 200_000, writeUnits: 401 };
    const size = { ...sydney, products: 194, bytes: 150_000, workers: 1, indexes: 2, migration: indexed(2) };
    const indexedItems = { ...rehearsal, indexWriteUnits: 300, indexStorageBytes: 0 };
    const plain = known(estimateRun({ ...size, rehearsal: { ...indexedItems, indexWriteUnits: 0 } }));
    const estimate = known(estimateRun({ ...size, rehearsal: indexedItems }));
    expect(plain.writeUnits).toBe(401);
    expect(estimate.writeUnits).toBe(701);
    expect(estimate.parts.writes - plain.parts.writes).toBeCloseTo(300 * 0.7115e-6, 12);
  });

  it('takes every item to be in every index until they are counted, and in those that an owner has added', () => {
    const rehearsal = { metadata: 194, variants: 194, targetBytes: 200_000, writeUnits: 401 };
    const size = { ...sydney, products: 194, bytes: 150_000, workers: 1, indexes: 2 };
    expect(estimateRun(size).writeUnits).toBe(3 * estimateRun({ ...size, indexes: 0 }).writeUnits);
    expect(estimateRun({ ...size, rehearsal }).writeUnits).toBe(3 * 401);
    const counted = { ...rehearsal, indexWriteUnits: 10 };
    expect(estimateRun({ ...size, migration: indexed(1), rehearsal: counted }).writeUnits).toBe(
      401 + 10 + 401,
    );
  });

  it('counts the storage of indexes every month', () => {
    const rehearsal = {
      metadata: 1,
      variants: 0,
      targetBytes: 0,
      indexWriteUnits: 0,
      indexStorageBytes: 2 ** 30,
    };
    const size = {
      ...sydney,
      products: 1,
      bytes: 1,
      workers: 1,
      indexes: 1,
      migration: indexed(1),
      rehearsal,
    };
    const [first] = known(estimateRun(size)).monthly;
    // A gigabyte at 0.285, and next to nothing for the item.
    expect(first?.storageDollars).toBeCloseTo(0.285, 6);
  });

  it('says something sensible of an empty table', () => {
    const estimate = known(estimateRun({ ...sydney, products: 0, bytes: 0, workers: 1 }));
    expect(estimate).toMatchObject({ items: 0, writeUnits: 0 });
    expect(estimate.seconds).toBeGreaterThan(50);
    expect(estimate.dollars).toBeGreaterThan(0);
  });

  it('says nothing of money in a region without prices, and all the same what the run has to do', () => {
    const size = { products: 1_000, bytes: 1_000_000, workers: 4 };
    const { seconds, phases, writeUnits } = estimateRun({ ...size, region: 'us-east-1' });
    const estimate = estimateRun({ ...size, region: 'eu-west-1' });
    expect(estimate).toMatchObject({ region: 'eu-west-1', seconds, phases, writeUnits });
    for (const figure of ['dollars', 'rupees', 'parts', 'monthly', 'backupMonthlyDollars', 'pricesDate'])
      expect(estimate).not.toHaveProperty(figure);
  });

  it('takes the prices of the region that it is given', () => {
    const size = { products: 1_000, bytes: 1_000_000, workers: 4 };
    const virginia = known(estimateRun({ ...size, region: 'us-east-1' }));
    expect(virginia.region).toBe('us-east-1');
    // 6,000 and the ledger's 138.
    expect(virginia.parts.writes).toBeCloseTo(6_138 * 0.625e-6, 12);
  });

  it('counts the bytes of a bulk put, and neither its time nor write units of the target', () => {
    const size = { ...sydney, products: 1_000, bytes: 1_000_000, workers: 4 };
    const batch = known(estimateRun(size));
    const inMigrate = batch.phases.find(({ state }) => state === 'MigrateProducts')?.seconds ?? 0;
    expect(estimateRun({ ...size, writeEngine: 'bulk' })).toMatchObject({
      region: 'ap-southeast-2',
      unpriced: 'bulk put',
      writeUnits: 0,
      bulkPutBytes: 1_000 * (1_300 + 4 * 400),
      seconds: batch.seconds - inMigrate,
    });
    withBulkPutPrice('ap-southeast-2', 0.5, () => {
      const bulk = known(estimateRun({ ...size, writeEngine: 'bulk' }));
      // 2,900,000 / 2^30 at half a dollar.
      expect(bulk.parts.bulkPut).toBeCloseTo(0.00135042, 8);
      expect(bulk.parts.writes).toBeLessThan(batch.parts.writes - 6_000 * 0.7115e-6 + 1e-9);
      const { reads, writes, s3, lambda, transitions, bulkPut = 0 } = bulk.parts;
      expect(bulk.dollars).toBeCloseTo(reads + writes + s3 + lambda + transitions + bulkPut, 12);
    });
  });

  it('has no figure of money for a table of another class than Standard', () => {
    const size = { ...sydney, products: 1_000, bytes: 1_000_000, workers: 4 };
    const estimate = estimateRun({ ...size, unpricedClass: 'STANDARD_INFREQUENT_ACCESS' });
    expect(estimate).toMatchObject({ unpriced: 'the table class STANDARD_INFREQUENT_ACCESS' });
    expect(estimate).not.toHaveProperty('dollars');
  });
});
