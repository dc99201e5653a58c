import { type Command, commandsOf, type Input, type StagePlace } from '../shared/commands.ts';
import { type Estimate, isCosted } from '../shared/cost/cost.ts';
import { costRefusal } from '../shared/cost/cost-limit.ts';
import { dollars } from '../shared/format.ts';
import { askedInput } from '../shared/runs/again-input.ts';
import type { MigrateInput } from '../shared/runs/migrate-input.ts';
import { type Check, done, stop } from './check.ts';

const WHAT = 'cost';

/** Nothing without a limit; a stop where the estimate is above it or unknown. */
export function checkCost(input: MigrateInput, cost: Estimate, place: StagePlace): readonly Check[] {
  const { maxCost } = input;
  if (maxCost === undefined) return [];
  const again = (changed: Input): Command => commandsOf(place).migrate({ ...askedInput(input), ...changed });
  const refusal = costRefusal({ what: 'migration', maxCost, cost, state: 'Nothing was created.', again });
  if (refusal !== undefined) return [stop(WHAT, refusal)];
  const estimated = isCosted(cost) ? cost.dollars : 0;
  return [
    done(WHAT, `The run is estimated at ${dollars(estimated)}, and maxCost allows ${dollars(maxCost)}.`),
  ];
}
