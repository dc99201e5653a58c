import { describe, expect, it } from 'vitest';
import { commandsOf } from '../../../functions/shared/commands.ts';
import { costRefusal } from '../../../functions/shared/cost/cost-limit.ts';
import { estimateRun } from '../../../functions/shared/cost/estimate.ts';
import { unpricedClassOf } from '../../../functions/shared/cost/prices.ts';
import { withBulkPutPrice } from '../../support/bulk-put-price.ts';
import { known } from '../../support/known-cost.ts';

const run = {
  what: 'migration',
  state: 'Nothing was created.',
  again: commandsOf({ stage: 'prod', region: 'ap-southeast-2' }).migrate,
} as const;
const region = 'us-east-1';
const size = { region, products: 1_000, bytes: 1_000_000, workers: 4 };
/** A cost in a region with prices. */
const of = (dollars: number) => ({ dollars, region });

describe('the limit of what a run may cost', () => {
  it('lets every run through where there is none, even one whose cost is unknown', () => {
    expect(costRefusal({ ...run, cost: of(1e6) })).toBeUndefined();
    expect(costRefusal({ ...run, cost: { region } })).toBeUndefined();
  });

  it('lets a run through that costs as much as it allows', () => {
    expect(costRefusal({ ...run, maxCost: 4.32, cost: of(4.32) })).toBeUndefined();
  });

  it('refuses a run that costs more, with estimate, limit and a limit that is enough', () => {
    const refusal = costRefusal({ ...run, maxCost: 1, cost: of(4.3207) });
    expect(refusal?.name).toBe('CostLimitError');
    expect(refusal?.message).toBe(
      'The migration is estimated at $4.3207 at the prices of us-east-1, and maxCost allows $1. Nothing was created.\nTo allow that much:\nnpm run migrate -- --stage prod --max-cost 4.4\nIn the console, start migrate with {"maxCost": 4.4}',
    );
  });

  it.each([0.00013542, 0.0074, 0.0996, 0.999, 1.004, 4.32, 99.1, 3_697.54])(
    'names a limit that lets a run of %d dollars through, and is at most a tenth above it',
    (dollars) => {
      const { message = '' } = costRefusal({ ...run, maxCost: dollars / 2, cost: of(dollars) }) ?? {};
      const maxCost = Number(/--max-cost (\S+)\n/.exec(message)?.[1]);
      expect(costRefusal({ ...run, maxCost, cost: of(dollars) })).toBeUndefined();
      expect(maxCost).toBeLessThan(1.1 * dollars);
    },
  );

  it('never shows estimate and limit as the same amount', () => {
    const { message } = costRefusal({ ...run, maxCost: 1, cost: of(1.004) }) ?? {};
    expect(message).toContain('estimated at $1.004 at');
  });

  it('refuses an unknown cost, which does not count as nothing, with the way to the prices', () => {
    const { message } = costRefusal({ ...run, cost: { region: 'eu-west-1' }, maxCost: 1_000 }) ?? {};
    expect(message).toMatch(
      /^The cost of the migration is unknown, because no prices are known for region eu-west-1, so maxCost of \$1000 cannot be kept\. Nothing was created\.\n.*:\nnpm run prices -- --region eu-west-1\nTo start without a limit:\nnpm run migrate -- --stage prod\n/,
    );
  });

  it('refuses where a table is of a class whose prices nobody knows', () => {
    const unpricedClass = unpricedClassOf([undefined, 'STANDARD', 'STANDARD_INFREQUENT_ACCESS']);
    const { message } =
      costRefusal({ ...run, maxCost: 5, cost: estimateRun({ ...size, unpricedClass }) }) ?? {};
    expect(message).toContain(
      'no prices are known for the table class STANDARD_INFREQUENT_ACCESS in us-east-1',
    );
    expect(unpricedClassOf([undefined, 'STANDARD'])).toBeUndefined();
  });

  it('refuses bulk put as long as nobody has written its price down, and never batches for it', () => {
    const refusal = (writeEngine?: 'batch' | 'bulk') =>
      costRefusal({ ...run, maxCost: 5, cost: estimateRun({ ...size, writeEngine }) });
    expect(refusal('bulk')?.message).toMatch(
      /no prices are known for bulk put in us-east-1.*\n.*:\nnpm run migrate -- --stage prod --write-engine batch\n.*\nTo start without a limit:\nnpm run migrate -- --stage prod\n/,
    );
    expect(refusal('batch')).toBeUndefined();
    expect(refusal()).toBeUndefined();
  });

  it('asks for the price of bulk put and not for that of batches once somebody has written it down', () => {
    withBulkPutPrice(region, 1_000, () => {
      // Target items of 1,300 bytes and four of 400 bytes a product: 2,900,000 of 2^30 bytes at 1,000 dollars.
      const cost = known(estimateRun({ ...size, writeEngine: 'bulk' }));
      expect(cost.parts.bulkPut).toBeCloseTo(2.700835, 6);
      expect(costRefusal({ ...run, maxCost: 2.7, cost })?.message).toContain('is estimated at $2.7');
      expect(costRefusal({ ...run, maxCost: 2.8, cost })).toBeUndefined();
    });
  });
});
