import { describe, expect, it } from 'vitest';
import { estimateRun } from '../../../functions/shared/cost/estimate.ts';
import { sizeOfPlan } from '../../../functions/shared/cost/run-size.ts';
import { parseMigrateInput } from '../../../functions/shared/runs/migrate-input.ts';
import { checkCost } from '../../../functions/test-connection/check-cost.ts';
import { type SizingFacts, sizeRun } from '../../../functions/test-connection/size-run.ts';

const size = (region: string, targets: SizingFacts['targets'] = [], source: SizingFacts['source'] = {}) =>
  sizeRun({
    source,
    probe: { items: 1_000, bytes: 1_000_000, isWhole: true },
    input: parseMigrateInput({}),
    config: { maxConcurrency: 4, mapMode: 'INLINE', region },
    quotaWorkers: undefined,
    targets,
  } satisfies SizingFacts);

const check = (input: object, region: string, targets: SizingFacts['targets'] = []) =>
  checkCost(parseMigrateInput(input), estimateRun(sizeOfPlan(size(region, targets), { region })), {
    stage: 'prod',
    region,
  });

describe('the plan of a run in a region without prices', () => {
  it('has no dollars, and a warning that names the region and the remedy', () => {
    const { estimate, warnings } = size('eu-west-1');
    expect(estimate).toEqual({ seconds: size('us-east-1').estimate.seconds });
    expect(warnings).toEqual([
      "No prices are known for region eu-west-1, so the cost is unknown. Where AWS's price list can be reached, this command fetches them for the next deployment: npm run prices -- --region eu-west-1",
    ]);
    expect(size('us-east-1').warnings).toEqual([]);
  });
});

describe('the plan of a run with a table of class Standard-Infrequent Access', () => {
  it('has no dollars, never those of Standard, and a warning that names the class', () => {
    const targets = [undefined, { TableClassSummary: { TableClass: 'STANDARD_INFREQUENT_ACCESS' as const } }];
    const plan = size('us-east-1', targets);
    expect(plan).toMatchObject({ unpricedClass: 'STANDARD_INFREQUENT_ACCESS' });
    expect(plan.estimate).toEqual({ seconds: size('us-east-1').estimate.seconds });
    expect(plan.warnings).toEqual([
      'No prices are known for the table class STANDARD_INFREQUENT_ACCESS in us-east-1, so the cost is unknown.',
    ]);
  });
});

describe('the plan of a run whose source has provisioned capacity', () => {
  it('does not price its reads, which are paid for anyway', () => {
    const region = 'ap-southeast-2';
    const source = { ProvisionedThroughput: { ReadCapacityUnits: 10 } } as SizingFacts['source'];
    const { sourceBilling, ...plan } = size(region, [], source);
    expect(sourceBilling).toBe('PROVISIONED');
    const { dollars = 0 } = plan.estimate;
    // 1 MB is read twice: 245 units, and one more for each of four segments.
    const onDemand = { dollars: expect.closeTo(dollars + 498 * 0.1423e-6, 6) as unknown };
    expect(estimateRun(sizeOfPlan(plan, { region }))).toMatchObject(onDemand);
    expect(size(region)).not.toHaveProperty('sourceBilling');
  });
});

describe('the check of the cost', () => {
  it('is not made without a limit', () => {
    expect(check({}, 'eu-west-1')).toEqual([]);
  });

  it('is done where the estimate is within the limit', () => {
    expect(check({ maxCost: 1 }, 'ap-southeast-2')).toMatchObject([
      { outcome: 'done', sentence: 'The run is estimated at $0.0075, and maxCost allows $1.00.' },
    ]);
  });

  it.each([
    ['the estimate is above the limit', { maxCost: 0.001 }, 'ap-southeast-2', undefined, 'estimated at'],
    ['the region has no prices', { maxCost: 100 }, 'eu-west-1', undefined, 'region eu-west-1'],
    [
      'a table is of a class without prices',
      { maxCost: 100 },
      'ap-southeast-2',
      'STANDARD_INFREQUENT_ACCESS',
      'the table class STANDARD_INFREQUENT_ACCESS',
    ],
  ] as const)('stops a run where %s', (_, input, region, tableClass, words) => {
    const tables = tableClass === undefined ? [] : [{ TableClassSummary: { TableClass: tableClass } }];
    const [{ outcome, error, sentence } = {}] = check(input, region, tables);
    expect(outcome).toBe('stop');
    expect(error?.name).toBe('CostLimitError');
    expect(sentence).toContain(words);
  });

  it('names a command that keeps everything else that was typed', () => {
    const [{ error } = {}] = check(
      { maxCost: 0.001, maxConcurrency: 2, writeUnitsPerSecond: 50, onExisting: 'replace' },
      'ap-southeast-2',
    );
    expect(error?.message).toMatch(
      /--on-existing replace --write-units-per-second 50 --max-cost 0\.0\d+ --max-concurrency 2$/m,
    );
  });

  it.each([0, -1, '5', 1e7])('refuses %j as a limit', (maxCost) => {
    expect(() => parseMigrateInput({ maxCost })).toThrow('"maxCost": must be');
  });
});
