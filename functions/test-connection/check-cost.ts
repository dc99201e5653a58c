import { type Estimate, isCosted } from '../shared/cost/cost.ts';
import { costRefusal } from '../shared/cost/cost-limit.ts';
import { dollars } from '../shared/format.ts';
import type { MigrateInput } from '../shared/runs/migrate-input.ts';
import { type Check, done, stop } from './check.ts';

const WHAT = 'cost';

/** Nothing without a limit; a stop where the estimate is above it or unknown. */
export function checkCost({ maxCost }: Pick<MigrateInput, 'maxCost'>, cost: Estimate): readonly Check[] {
  if (maxCost === undefined) return [];
  const refusal = costRefusal({ what: 'migration', maxCost, cost, state: 'Nothing was created.' });
  if (refusal !== undefined) return [stop(WHAT, refusal)];
  const estimated = isCosted(cost) ? cost.dollars : 0;
  return [
    done(WHAT, `The run is estimated at ${dollars(estimated)}, and maxCost allows ${dollars(maxCost)}.`),
  ];
}
