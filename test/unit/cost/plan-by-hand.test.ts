import { describe, expect, it } from 'vitest';
import { parseMigrateInput } from '../../../functions/shared/runs/migrate-input.ts';
import { sayEngines } from '../../../workflow/cli/engine-comparison.ts';
import { enginesOf } from '../../../workflow/cli/plan-summary.ts';
import { acceptedOf, scaleRun } from '../../../workflow/cli/scale/scale-run.ts';
import { withBulkPutPrice } from '../../support/bulk-put-price.ts';
import { known } from '../../support/known-cost.ts';
import { recordingTerminal } from '../cli/recording-terminal.ts';

/*
 * `npm run plan -- --products 1e6 --bytes-per-product 600` and the same with 1e9, worked by hand. Every figure below is
 * written out in steps from the prices of ap-southeast-2 and from the rules in the docstring of estimateRun. Nothing here
 * calls that code. Products of 600 bytes become METADATA of 900 bytes (1 write unit) and 4 variants of 400 bytes (1 unit each).
 */
const WRITE_UNIT = 0.7115e-6;
const READ_UNIT = 0.1423e-6;
const PUT = 5.5e-6;
const GET = 0.44e-6;
const CALL = 0.2e-6;
const GIGABYTE_SECOND = 13.3334e-6;
const TRANSITION = 25e-6;
const RUPEES = 88;
/** 1,769 MB. */
const WORKER_GIGABYTES = 1_769 / 1_024;

function scaled(products: number, mapMode: 'INLINE' | 'DISTRIBUTED', input: object = {}) {
  const region = 'ap-southeast-2';
  return scaleRun({ products, product: { bytes: 600 }, input: parseMigrateInput(input), region }, mapMode);
}

function plan(products: number, mapMode: 'INLINE' | 'DISTRIBUTED') {
  const [run] = acceptedOf([scaled(products, mapMode)]);
  if (run === undefined) throw new Error('The run was refused.');
  return { ...run, estimate: known(run.estimate) };
}

describe('the plan of 1,000,000 products', () => {
  const run = plan(1e6, 'INLINE');
  // 20 workers, 20 segments and shards. Reads: the source's 600,000,000 / 4,096 = 146,484.4 -> 146,485 units, one more a
  // segment, 146,505; the target's 2,500,000,000 / 4,096 -> 610,352, and 20: 610,372.
  // Time: 146,505 / 12,000; 1,000,000 / 80,000; 5,000,000 / 4,000 in the first half hour; 610,372 / 12,000; 2 each.
  const maps = [12.20875 + 2, 12.5 + 2, 1_250 + 2, 610_372 / 12_000 + 2];
  const workerSeconds = 20 * (14.20875 + 14.5 + 1_252 + 52.864333);

  it('takes 22 min 59 s: 45 s and the four Maps', () => {
    expect(run.estimate.phases.map(({ seconds }) => seconds)).toEqual(
      maps.map((seconds) => expect.closeTo(seconds, 6)),
    );
    expect(run.estimate.seconds).toBeCloseTo(45 + 14.20875 + 14.5 + 1_252 + 52.864333, 5);
  });

  it('cuts 260 files and takes 100 turns', () => {
    // 50,000 products a segment, 4,000 a file: 13 files of 20 segments. 20 shards of 1,252 s have two turns of 840 s each.
    expect([run.files, run.turns]).toEqual([20 * 13, 20 + 20 + 40 + 20]);
  });

  it('costs $4.32, Rs 380', () => {
    // The ledger: 4 x 100 + 26,671.5 / 2.5 -> 10,669 reads; 8 x 260 + 2 x (26,671.5 / 5 -> 5,334 + 100) + 60 writes.
    const reads = (2 * 146_505 + 610_372 + 400 + 10_669) * READ_UNIT;
    const writes = (5_000_000 + 2_080 + 10_868 + 60) * WRITE_UNIT;
    const s3 = 270 * PUT + 530 * GET;
    const lambda = 109 * CALL + (WORKER_GIGABYTES * workerSeconds + 9) * GIGABYTE_SECOND;
    const transitions = (25 + 4 * 20 + 2 * 100) * TRANSITION;
    const { parts, dollars, rupees } = run.estimate;
    expect(parts).toEqual({
      reads: expect.closeTo(reads, 8),
      writes: expect.closeTo(writes, 8),
      s3: expect.closeTo(s3, 8),
      lambda: expect.closeTo(lambda, 6),
      transitions: expect.closeTo(transitions, 8),
    });
    // 0.130126 + 3.566755 + 0.001718 + 0.614491 + 0.007625.
    expect(dollars).toBeCloseTo(4.320716, 5);
    expect(rupees).toBeCloseTo(4.320716 * RUPEES, 2);
  });

  it('fills the tables by batch in 20 min 52 s for $4.13, Rs 364', () => {
    // 5,000,000 units are 3.5575 dollars; 20 workers of 1.7275 GB for 1,252 s are 43,257.6 GB-seconds, 0.57677 dollars.
    const { batch } = run.engines;
    expect(batch.seconds).toBe(1_252);
    expect(batch.dollars).toBeCloseTo(3.5575 + 0.57677, 4);
    expect(batch.rupees).toBeCloseTo(4.13427 * RUPEES, 2);
  });
});

describe('the plan of 1,000,000,000 products', () => {
  const run = plan(1e9, 'DISTRIBUTED');
  // 20 workers, 800 segments and shards. Source: 600e9 / 4,096 = 146,484,375, and 800: 146,485,175 units. Target:
  // 2.5e12 / 4,096 = 610,351,562.5 -> 610,351,563, and 800: 610,352,363.
  // Writing: 4,000, 8,000, 16,000 and 32,000 units a second for half an hour each are 108,000,000 in 7,200 s; the other
  // 4,892,000,000 at 40,000 a second take 122,300 s.
  const maps = [146_485_175 / 12_000 + 2, 12_500 + 2, 7_200 + 122_300 + 2, 610_352_363 / 12_000 + 2];
  const workerSeconds = 20 * (12_209.097917 + 12_502 + 129_502 + 50_864.696917);

  it('takes 56 h 58 min: 45 s and the four Maps', () => {
    expect(run.estimate.phases.map(({ seconds }) => seconds)).toEqual(
      maps.map((seconds) => expect.closeTo(seconds, 6)),
    );
    expect(run.estimate.seconds).toBeCloseTo(205_122.794833, 4);
  });

  it('cuts 20,000 files and takes 6,400 turns', () => {
    // 1,250,000 products a segment, 50,000 a file: 25 files of 800 segments. A shard lasts a 40th of its Map: 305, 313,
    // 3,238 and 1,272 s, so 1, 1, 4 and 2 turns of 840 s.
    expect([run.files, run.turns]).toEqual([800 * 25, 800 * (1 + 1 + 4 + 2)]);
  });

  it('costs $3,782.57, Rs 332,867', () => {
    // 4,101,555.9 s of workers. The ledger: 4 x 6,400 + 1,640,623 reads; 8 x 20,000 + 2 x (820,311 + 6,400) + 60 writes.
    const reads = (2 * 146_485_175 + 610_352_363 + 25_600 + 1_640_623) * READ_UNIT;
    const writes = (5_000_000_000 + 160_000 + 1_653_422 + 60) * WRITE_UNIT;
    const s3 = 20_010 * PUT + 40_010 * GET;
    const lambda = 6_409 * CALL + (WORKER_GIGABYTES * workerSeconds + 9) * GIGABYTE_SECOND;
    const transitions = (25 + 4 * 800 + 2 * 6_400) * TRANSITION;
    const { parts, dollars, rupees } = run.estimate;
    expect(parts).toEqual({
      reads: expect.closeTo(reads, 6),
      writes: expect.closeTo(writes, 6),
      s3: expect.closeTo(s3, 8),
      lambda: expect.closeTo(lambda, 4),
      transitions: expect.closeTo(transitions, 8),
    });
    // 128.7799 + 3,558.7903 + 0.1277 + 94.4765 + 0.400625.
    expect(dollars).toBeCloseTo(3_782.575, 3);
    expect(rupees).toBeCloseTo(332_866.6, 1);
  });

  it('fills the tables by batch in 35 h 58 min for $3,617.16, Rs 318,310', () => {
    // 3,557.50 dollars of units; 20 workers of 1.7275 GB for 129,502 s are 4,474,395 GB-seconds, 59.6589 dollars.
    const { batch } = run.engines;
    expect(batch.seconds).toBe(129_502);
    expect(batch.dollars).toBeCloseTo(3_557.5 + 59.6589, 3);
    expect(batch.rupees).toBeCloseTo(318_309.98, 1);
  });
});

describe('the comparison of the write engines', () => {
  it('leaves unknown what nobody has stated of bulk put, and auto then chooses batch and says why', () => {
    const { bulk, chosen, auto } = plan(1e6, 'INLINE').engines;
    expect(bulk).toEqual({ seconds: 'unknown', dollars: 'unknown', rupees: 'unknown' });
    expect(chosen).toEqual({ engine: 'batch', why: 'it is the default' });
    expect(auto.engine).toBe('batch');
    expect(auto.why).toMatch(/^nothing states the price in ap-southeast-2, /);
  });

  it('names what makes bulk put impossible, as a run would', () => {
    const auto = acceptedOf([scaled(1e6, 'INLINE', { writeEngine: 'auto', onExisting: 'replace' })]);
    const why = 'bulk put cannot do this run: it cannot replace existing items, as "onExisting" asks';
    expect(auto[0]?.engines.chosen).toEqual({ engine: 'batch', why });
    expect(scaled(1e6, 'INLINE', { writeEngine: 'bulk', writeUnitsPerSecond: 1_000 })).toMatchObject({
      refusal: expect.stringMatching(/^InvalidInputError: .*its least cap is 1,024 write units a second/),
    });
  });

  it('plans a run by bulk put without a cost, as long as nobody has written the price down', () => {
    const [run] = acceptedOf([scaled(1e6, 'INLINE', { writeEngine: 'bulk' })]);
    expect(run?.engines.chosen).toEqual({ engine: 'bulk', why: 'the input asks for it' });
    expect(run?.estimate).toMatchObject({ unpriced: 'bulk put', bulkPutBytes: 2_500_000_000 });
    withBulkPutPrice('ap-southeast-2', 0.5, () => {
      const [priced] = acceptedOf([scaled(1e6, 'INLINE', { writeEngine: 'bulk' })]);
      expect(priced?.engines.bulk.dollars).toBeCloseTo((0.5 * 2_500_000_000) / 2 ** 30, 9);
      expect(priced && known(priced.estimate).parts.bulkPut).toBe(priced?.engines.bulk.dollars);
    });
  });

  it('keeps to the choice that TestConnection has made of a deployed stage, and hears of what is in its way', () => {
    const [run] = acceptedOf([scaled(1e6, 'INLINE')]);
    if (run === undefined) throw new Error('The run was refused.');
    const facts = { plan: run.plan, region: 'ap-southeast-2', rupeesPerDollar: RUPEES };
    const why = 'bulk put cannot do this run: table products-enhanced is a global table';
    const bulkObstacles = ['table products-enhanced is a global table'];
    expect(enginesOf({ ...facts, bulkObstacles })).toMatchObject({
      chosen: { engine: 'batch', why: 'it is the default' },
      auto: { engine: 'batch', why },
    });
    const writeEngine = { engine: 'bulk', why: 'the input asks for it' } as const;
    const planned = enginesOf({ ...facts, plan: { ...run.plan, writeEngine }, asked: 'bulk' });
    expect(planned.chosen).toBe(writeEngine);
    expect(planned.batch.seconds).toBe(1_252);
  });

  it('is shown as a table with both engines and the reason of the choice', () => {
    const { terminal, lines } = recordingTerminal();
    sayEngines(terminal, plan(1e6, 'INLINE').engines);
    expect(lines.map((line) => line.trim().replaceAll(/ {2,}/g, ' | '))).toEqual([
      'Filling the tables | Time | Dollars | Rupees',
      'batch | 20 min 52 s | $4.13 | Rs 364',
      'bulk put | unknown | unknown | unknown',
      'Chosen: batch, because it is the default.',
      expect.stringMatching(/^auto would choose batch, because nothing states the price/),
    ]);
  });
});
