import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isCosted } from '../../../functions/shared/cost/cost.ts';
import { buildReport } from '../../../functions/shared/runs/build-report.ts';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import type { Shard } from '../../../functions/shared/ledger/shard.ts';
import type { Plan } from '../../../functions/shared/state.ts';
import { withBulkPutPrice } from '../../support/bulk-put-price.ts';
import { known } from '../../support/known-cost.ts';
import { type Bench, startBench } from '../files/backup-bench.ts';

let bench: Bench;
let run: Run;

beforeAll(async () => {
  bench = await startBench();
  run = await bench.begin('run-1', { estimatedProducts: 1_000, estimatedBytes: 1_000_000 });
});
afterAll(() => bench.stop());

const loaded: Shard = {
  state: 'BulkLoad',
  shard: 0,
  done: true,
  turns: 2,
  counters: { items: 5_000, processed: 5_000, failed: 0, bulkPutBytes: 3 * 2 ** 20 },
  digests: {},
  startedAt: 1_000,
  updatedAt: 61_000,
  marks: [],
  version: 3,
  writer: 'a',
};

/** The cost in the report of a run with this in its plan, which has succeeded. */
function costWith(plan: Partial<Plan>, change: Partial<Run> = {}) {
  const of = { ...run, ...change, plan: { ...run.plan, ...plan } };
  const ledger = { shards: new Map([['BulkLoad', [loaded]] as const]), tables: [] };
  const end = { status: 'SUCCEEDED', failure: null, finishedAt: 61_000, found: new Map() } as const;
  return buildReport(bench.runtime, of, ledger, end).cost;
}

const bulk = { writeEngine: { engine: 'bulk', why: 'the input asks for it' } } as const;

describe('the cost in a report of a run by bulk put', () => {
  it('is in dollars as soon as somebody has written a price down', () => {
    withBulkPutPrice('ap-southeast-2', 0.5, () => {
      const { estimated, actual } = costWith(bulk);
      expect(known(actual).parts.bulkPut).toBeCloseTo((3 * 0.5) / 1_024, 12);
      expect(known(actual).dollars).toBeGreaterThan((3 * 0.5) / 1_024);
      // 1,000 x (1,300 + 4 x 400) bytes.
      expect(known(estimated).parts.bulkPut).toBeCloseTo((0.5 * 2_900_000) / 2 ** 30, 12);
    });
  });

  it('is unknown for want of that price alone, by the same rule as the limit of the cost', () => {
    const unpriced = { region: 'ap-southeast-2', unpriced: 'bulk put' };
    const { estimated, actual } = costWith(bulk);
    expect(actual).toEqual(unpriced);
    expect(estimated).toMatchObject(unpriced);
    expect(isCosted(costWith({}).estimated)).toBe(true);
  });
});

describe('the cost in a report', () => {
  it('is unknown where a table is of another class than Standard', () => {
    const { estimated, actual } = costWith({ unpricedClass: 'STANDARD_INFREQUENT_ACCESS' });
    const unpriced = { unpriced: 'the table class STANDARD_INFREQUENT_ACCESS' };
    expect([estimated, actual]).toEqual([
      expect.objectContaining(unpriced),
      expect.objectContaining(unpriced),
    ]);
  });

  it('of a restore holds no estimate, because that of a migration would not be its own', () => {
    const details = { backupId: '20260102030405-0123abcd', targetTable: 'products-restored' };
    expect(costWith({}, { kind: 'restore', details }).estimated).toEqual({});
  });
});
