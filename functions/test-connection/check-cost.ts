import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { costRefusal, unpricedClass, unpricedEngine } from '../shared/cost/cost-limit.ts';
import { dollars } from '../shared/format.ts';
import type { MigrateInput } from '../shared/runs/migrate-input.ts';
import type { Plan } from '../shared/state.ts';
import { type Check, done, stop } from './check.ts';

/** What a limit is checked against. */
export interface CostScope {
  readonly input: Pick<MigrateInput, 'maxCost'>;
  readonly plan: Pick<Plan, 'estimate' | 'writeEngine'>;
  readonly region: string;
  /** Source and targets, as far as they exist. */
  readonly tables: readonly (TableDescription | undefined)[];
}

const WHAT = 'cost';

/** Nothing without a limit; a stop where the estimate is above it or unknown. */
export function checkCost({ input, plan, region, tables }: CostScope): readonly Check[] {
  const { maxCost } = input;
  if (maxCost === undefined) return [];
  const refusal = costRefusal({
    what: 'migration',
    maxCost,
    dollars: plan.estimate.dollars,
    unknown:
      unpricedClass(tables.map((table) => table?.TableClassSummary?.TableClass)) ??
      unpricedEngine(plan.writeEngine?.engine, region),
    region,
    state: 'Nothing was created.',
  });
  if (refusal !== undefined) return [stop(WHAT, refusal)];
  const { dollars: estimated = 0 } = plan.estimate;
  return [
    done(WHAT, `The run is estimated at ${dollars(estimated)}, and maxCost allows ${dollars(maxCost)}.`),
  ];
}
