import { describe, expect, it } from 'vitest';
import { actualCost } from '../../../functions/shared/cost/actual.ts';
import { withBulkPutPrice } from '../../support/bulk-put-price.ts';
import { known } from '../../support/known-cost.ts';

const shard = (
  state: 'BackupProducts' | 'MigrateProducts' | 'BulkLoad',
  counters: Record<string, number>,
) => ({
  state,
  counters,
  turns: 1,
  startedAt: 1_000,
  updatedAt: 11_000,
});

describe('actualCost', () => {
  const shards = [
    shard('BackupProducts', { readUnits: 1_000 }),
    shard('MigrateProducts', { readUnits: 0, writeUnits: 5_000 }),
  ];

  it('prices what the checkpoints say', () => {
    const cost = known(actualCost({ region: 'ap-southeast-2', shards, files: 4 }));
    // Two turns of 10 s: the ledger's 8 + 8 reads and 32 + 2 x (2 + 4) + 60 writes; 25 + 2 + 4 transitions.
    expect(cost.parts.reads).toBeCloseTo(1_016 * 0.1423e-6, 12);
    expect(cost.parts.writes).toBeCloseTo(5_104 * 0.7115e-6, 12);
    expect(cost.parts.transitions).toBeCloseTo(31 * 25e-6, 12);
    expect(cost.parts.lambda).toBeCloseTo(11 * 0.2e-6 + (20 * 1.7275390625 + 9) * 13.3334e-6, 9);
    expect(cost.dollars).toBeCloseTo(
      Object.values(cost.parts).reduce((sum, part) => sum + part, 0),
      12,
    );
  });

  it('prices what a roll back was charged for looking into tables', () => {
    const work = { region: 'ap-southeast-2', shards, files: 4 };
    const looked = known(actualCost({ ...work, lookReadUnits: 500 }));
    expect(looked.parts.reads - known(actualCost(work)).parts.reads).toBeCloseTo(500 * 0.1423e-6, 12);
  });

  it('does not price the reads of a provisioned source a second time', () => {
    const onDemand = known(actualCost({ region: 'ap-southeast-2', shards, files: 4 }));
    const provisioned = known(
      actualCost({
        region: 'ap-southeast-2',
        shards,
        files: 4,
        sourceBilling: 'PROVISIONED',
      }),
    );
    expect(onDemand.parts.reads - provisioned.parts.reads).toBeCloseTo(1_000 * 0.1423e-6, 12);
  });

  it('is unknown in a region without prices', () => {
    expect(actualCost({ region: 'eu-west-1', shards, files: 4 })).toEqual({ region: 'eu-west-1' });
  });

  it('bills the bytes that DynamoDB charges for a bulk put, and none of the time in which it only waits', () => {
    const bulk = [
      { ...shard('BulkLoad', { bulkPutBytes: 2 ** 30 }), turns: 3, updatedAt: 3_601_000 },
      { ...shard('BulkLoad', { bulkPutBytes: 2 ** 29 }), turns: 2, updatedAt: 1_801_000 },
    ];
    const [backup] = shards;
    if (backup === undefined) throw new Error('The fixture has a backup.');
    const work = { region: 'ap-southeast-2', shards: [backup, ...bulk], files: 4 };
    expect(actualCost(work)).toEqual({ region: 'ap-southeast-2', unpriced: 'bulk put' });
    withBulkPutPrice('ap-southeast-2', 0.5, () => {
      const { parts, dollars } = known(actualCost(work));
      expect(parts.bulkPut).toBe(0.75);
      // Nine calls that are made once, one worker of 10 s, and three calls of bulkLoad of 2 s.
      expect(parts.lambda).toBeCloseTo(13 * 0.2e-6 + (16 * 1.7275390625 + 9) * 13.3334e-6, 9);
      expect(dollars).toBeGreaterThan(0.75);
    });
  });

  it('is unknown for a table of another class than Standard', () => {
    const unpricedClass = 'STANDARD_INFREQUENT_ACCESS';
    expect(actualCost({ region: 'ap-southeast-2', shards, files: 4, unpricedClass })).toEqual({
      region: 'ap-southeast-2',
      unpriced: 'the table class STANDARD_INFREQUENT_ACCESS',
    });
  });
});
