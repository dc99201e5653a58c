import { describe, expect, it } from 'vitest';
import { iterationsFor, planAlone, workersFor } from '../../../functions/shared/runs/cut-work.ts';

const bounds = { mapMode: 'INLINE', asked: 20, capsPerSecond: [0, 0], others: [] } as const;
const gibibytes = (count: number): number => count * 2 ** 30;

describe('the workers of a run', () => {
  it('are as many as were asked for where nothing bounds them', () => {
    expect(workersFor(bounds)).toBe(20);
  });

  it('are at most 40 in an INLINE Map, which runs no more at once, and 800 in a DISTRIBUTED one', () => {
    expect(workersFor({ ...bounds, asked: 1_000 })).toBe(40);
    expect(workersFor({ ...bounds, asked: 1_000, mapMode: 'DISTRIBUTED' })).toBe(800);
  });

  it('each have 25 units a second of every cap, and one works under the smallest cap', () => {
    expect(workersFor({ ...bounds, capsPerSecond: [0, 80] })).toBe(3);
    expect(workersFor({ ...bounds, capsPerSecond: [500, 0.5] })).toBe(1);
  });

  it('are no more than there is work for', () => {
    expect(workersFor({ ...bounds, others: [7, 12] })).toBe(7);
    expect(workersFor({ ...bounds, others: [0] })).toBe(1);
  });
});

describe('the iterations of a Map', () => {
  it('are one for each worker in an INLINE Map, however much there is', () => {
    expect(iterationsFor({ mapMode: 'INLINE', workers: 20, bytes: gibibytes(1_000) })).toBe(20);
  });

  it('are full rounds of 256 MB each in a DISTRIBUTED one, up to 800', () => {
    expect(iterationsFor({ mapMode: 'DISTRIBUTED', workers: 20, bytes: gibibytes(6) })).toBe(40);
    expect(iterationsFor({ mapMode: 'DISTRIBUTED', workers: 20, bytes: gibibytes(1_000) })).toBe(800);
    expect(iterationsFor({ mapMode: 'DISTRIBUTED', workers: 30, bytes: gibibytes(1_000) })).toBe(780);
  });

  it('are more where something else needs more', () => {
    expect(iterationsFor({ mapMode: 'INLINE', workers: 20, bytes: 0, needed: 30 })).toBe(40);
  });
});

describe('the plan of a step called alone', () => {
  it('leaves half of a table’s capacity to its users, and keeps up with the table that can spare the least', () => {
    const provisioned = (units: number) => ({
      ProvisionedThroughput: { ReadCapacityUnits: units, WriteCapacityUnits: units },
    });
    expect(planAlone({ workers: 4, source: provisioned(100) })).toMatchObject({
      segments: [0, 1, 2, 3],
      shards: [0, 1, 2, 3],
      workers: 4,
      readUnitsPerSecond: 50,
      writeUnitsPerSecond: 0,
    });
    const targets = [undefined, provisioned(40), provisioned(10), {}];
    expect(planAlone({ targets })).toMatchObject({ workers: 1, writeUnitsPerSecond: 5 });
  });
});
