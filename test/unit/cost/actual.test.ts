import { describe, expect, it } from 'vitest';
import { actualCost } from '../../../functions/shared/cost/actual.ts';
import { known } from '../../support/known-cost.ts';

const shard = (state: 'BackupProducts' | 'MigrateProducts', counters: Record<string, number>) => ({
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
});
