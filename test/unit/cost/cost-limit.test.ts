import { describe, expect, it } from 'vitest';
import { costRefusal, unpricedClass, unpricedEngine } from '../../../functions/shared/cost/cost-limit.ts';

const run = { what: 'migration', region: 'us-east-1', state: 'Nothing was created.' } as const;

describe('the limit of what a run may cost', () => {
  it('lets every run through where there is none, even one whose cost is unknown', () => {
    expect(costRefusal({ ...run, dollars: 1e6 })).toBeUndefined();
    expect(costRefusal(run)).toBeUndefined();
  });

  it('lets a run through that costs as much as it allows', () => {
    expect(costRefusal({ ...run, maxCost: 4.32, dollars: 4.32 })).toBeUndefined();
  });

  it('refuses a run that costs more, with estimate, limit and a limit that is enough', () => {
    const refusal = costRefusal({ ...run, maxCost: 1, dollars: 4.3207 });
    expect(refusal?.name).toBe('CostLimitError');
    expect(refusal?.message).toBe(
      'The migration is estimated at $4.3207 at the prices of us-east-1, and maxCost allows $1. Nothing was created. Start again with {"maxCost": 4.4} (--max-cost 4.4) or more.',
    );
  });

  it.each([0.00013542, 0.0074, 0.0996, 0.999, 1.004, 4.32, 99.1, 3_697.54])(
    'names a limit that lets a run of %d dollars through, and is at most a tenth above it',
    (dollars) => {
      const { message = '' } = costRefusal({ ...run, maxCost: dollars / 2, dollars }) ?? {};
      const maxCost = Number(/--max-cost (\S+)\)/.exec(message)?.[1]);
      expect(costRefusal({ ...run, maxCost, dollars })).toBeUndefined();
      expect(maxCost).toBeLessThan(1.1 * dollars);
    },
  );

  it('never shows estimate and limit as the same amount', () => {
    const { message } = costRefusal({ ...run, maxCost: 1, dollars: 1.004 }) ?? {};
    expect(message).toContain('estimated at $1.004 at');
  });

  it('refuses an unknown cost, which does not count as nothing, with the way to the prices', () => {
    const { message } = costRefusal({ ...run, region: 'eu-west-1', maxCost: 1_000 }) ?? {};
    expect(message).toMatch(
      /^The cost of the migration is unknown, because no prices are known for region eu-west-1, so maxCost of \$1000 cannot be kept\. Nothing was created\. Run npm run prices -- --region eu-west-1 /,
    );
  });

  it('refuses where a table is of a class whose prices nobody knows', () => {
    const unknown = unpricedClass([undefined, 'STANDARD', 'STANDARD_INFREQUENT_ACCESS']);
    const { message } = costRefusal({ ...run, maxCost: 5, dollars: 1, unknown }) ?? {};
    expect(message).toContain('no prices are known for the table class STANDARD_INFREQUENT_ACCESS');
    expect(unpricedClass([undefined, 'STANDARD'])).toBeUndefined();
  });

  it('refuses bulk put as long as nobody has written its price down, and never batches for it', () => {
    const unknown = unpricedEngine('bulk', 'us-east-1');
    const { message } = costRefusal({ ...run, maxCost: 5, dollars: 1, unknown }) ?? {};
    expect(message).toContain('no price of bulk put is known in us-east-1');
    expect(unpricedEngine('batch', 'us-east-1')).toBeUndefined();
    expect(unpricedEngine(undefined, 'us-east-1')).toBeUndefined();
  });
});
