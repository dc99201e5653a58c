import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { MapMode } from '../../../functions/shared/cost/history.ts';
import { parseMigrateInput } from '../../../functions/shared/runs/migrate-input.ts';
import { EXECUTION_SECONDS } from '../../../functions/shared/cost/time-limit.ts';
import { limitsOf } from '../../../workflow/cli/scale/limits.ts';
import { measureSamples } from '../../../workflow/cli/scale/sample-product.ts';
import { acceptedOf, isRefused, scaleRun } from '../../../workflow/cli/scale/scale-run.ts';
import { sizesUpTo } from '../../../workflow/cli/scale/scale-sizes.ts';
import { known } from '../../support/known-cost.ts';

const product = measureSamples();

function plan(products: number, mapMode: MapMode, input: object = {}) {
  return scaleRun({ products, product, input: parseMigrateInput(input), region: 'ap-southeast-2' }, mapMode);
}

function accepted(products: number, mapMode: MapMode, input: object = {}) {
  const [run] = acceptedOf([plan(products, mapMode, input)]);
  if (run === undefined) throw new Error('The run was refused.');
  return run;
}

describe('the plan of a table that need not exist', () => {
  it('brings 1,000,000 products into a warm table with 32 workers: 200 seconds of Maps, less than 5 dollars', () => {
    const { estimate } = accepted(1e6, 'INLINE', { maxConcurrency: 32 });

    expect(estimate.secondsAtCaps).toBeLessThan(200 + 45);
    expect(known(estimate).dollars).toBeLessThan(5);
  });

  it('takes 10 times as long for 10 times the products, with the same payload', () => {
    const small = accepted(1e7, 'DISTRIBUTED');
    const large = accepted(1e8, 'DISTRIBUTED');

    expect(large.estimate.secondsAtCaps / small.estimate.secondsAtCaps).toBeLessThan(11);
    expect(known(large.estimate).dollars / known(small.estimate).dollars).toBeLessThan(10);
    expect(large.payloadBytes).toBeLessThanOrEqual(16 * 1_024);
  });

  it('uses no limit to more than 80 % with 1,000,000,000 products', () => {
    for (const { share } of limitsOf(accepted(1e9, 'DISTRIBUTED'))) expect(share).toBeLessThanOrEqual(0.8);
  });

  it('is refused with the sentence of a run when an INLINE history would not hold it', () => {
    const run = plan(1e9, 'INLINE');

    expect(isRefused(run) && run.refusal).toMatch(
      /^RunTooLongForInlineError: .*Nothing was created\. To allow more, deploy again with --param mapMode=DISTRIBUTED and all other parameters/,
    );
  });

  it.each([1e8, 3e8])('fits into an INLINE history with %d products, or is refused', (products) => {
    const events = acceptedOf([plan(products, 'INLINE')]).map(({ historyEvents }) => historyEvents);

    for (const count of events) expect(count).toBeLessThanOrEqual(0.8 * 25_000);
  });

  it('is refused when no execution lasts as long', () => {
    const run = plan(1e10, 'DISTRIBUTED');

    expect(isRefused(run) && run.refusal).toMatch(
      /^RunTooLongError: The migration is estimated at 5\d\d h .* min, and an execution ends after 168 h 0 min: it would be rolled back then\. Nothing was created\. .*"onFailure": "hold"/,
    );
  });

  it('holds the run against the time limit of the machine', () => {
    for (const machine of ['migrate', 'restore'])
      expect(readFileSync(`workflow/${machine}.asl.yml`, 'utf8')).toContain(
        `\nTimeoutSeconds: ${EXECUTION_SECONDS}\n`,
      );
  });
});

describe('measureSamples', () => {
  it('weighs a product and what it becomes', () => {
    const { bytes, target } = product;

    expect(bytes).toBeGreaterThan(500);
    expect(bytes).toBeLessThan(1_500);
    expect(target?.items).toBeGreaterThan(4);
    expect(target?.bytes).toBeGreaterThan(bytes);
    expect(target?.writeUnits).toBeGreaterThanOrEqual(target?.items ?? Number.POSITIVE_INFINITY);
  });
});

describe('sizesUpTo', () => {
  it('is every power of ten from 1,000 on, and the size itself', () => {
    expect(sizesUpTo(1e6)).toEqual([1e3, 1e4, 1e5, 1e6]);
    expect(sizesUpTo(250_000)).toEqual([1e3, 1e4, 1e5, 250_000]);
    expect(sizesUpTo(12)).toEqual([12]);
  });
});
