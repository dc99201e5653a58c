import { type Command, type Input, pricesCommand, type Step, stepText } from '../commands.ts';
import { CostLimitError } from '../errors.ts';
import { dollars } from '../format.ts';
import { BULK_PUT_NAME, type Cost, type UnknownCost } from './cost.ts';
import { unpricedClause } from './prices.ts';

/** A run, its expected cost and its limit. */
export interface LimitedRun {
  /** What is refused, such as `migration`. */
  readonly what: 'migration' | 'restore';
  /** US dollars, from the input; absent: no limit. */
  readonly maxCost?: number | undefined;
  /** Estimated. */
  readonly cost: Pick<Cost, 'dollars' | 'region'> | UnknownCost;
  /** What there is of the run by now, a sentence. */
  readonly state: string;
  /** Starts the run with other fields of its input. Absent: the caller says what to do. */
  readonly again?: ((changed: Input) => Command) | undefined;
}

/**
 * Why a run may not go on under its limit; `undefined` where it may. An unknown cost does not count as nothing: it
 * refuses.
 */
export function costRefusal({ cost, maxCost, ...run }: LimitedRun): CostLimitError | undefined {
  if (maxCost === undefined) return undefined;
  if (!('dollars' in cost)) return unknownCost(run, cost, maxCost);
  return cost.dollars <= maxCost ? undefined : tooDear(run, cost, maxCost);
}

type Refused = Omit<LimitedRun, 'cost' | 'maxCost'>;

function tooDear(
  { what, state, again }: Refused,
  { dollars: estimate, region }: Pick<Cost, 'dollars' | 'region'>,
  maxCost: number,
): CostLimitError {
  return new CostLimitError(
    `The ${what} is estimated at ${exactly(estimate)} at the prices of ${region}, and maxCost allows ${exactly(maxCost)}. ${state}`,
    again && stepText(['To allow that much', again({ maxCost: roundedUp(estimate) })]),
  );
}

function unknownCost({ what, state, again }: Refused, cost: UnknownCost, maxCost: number): CostLimitError {
  return new CostLimitError(
    `The cost of the ${what} is unknown, because ${unpricedClause(cost)}, so maxCost of ${exactly(maxCost)} cannot be kept. ${state}`,
    again &&
      stepText(...remediesOf(cost, again), ['To start without a limit', again({ maxCost: undefined })]),
  );
}

/** How a run of unknown cost can keep its limit. */
function remediesOf({ region, unpriced }: UnknownCost, again: (changed: Input) => Command): readonly Step[] {
  if (unpriced === undefined)
    return [
      ["Where AWS's price list can be reached, fetch the prices, then deploy again", pricesCommand(region)],
    ];
  return unpriced === BULK_PUT_NAME
    ? [["To let the service's own workers write the items", again({ writeEngine: 'batch' })]]
    : [];
}

/** Two amounts that differ must not look the same: an estimate of $1.004 is more than $1. */
const exactly = (value: number): string => (value < 0.995 ? dollars(value) : `$${Number(value.toFixed(4))}`);

/** To two significant digits: enough for the estimate, and easy to type. */
function roundedUp(value: number): number {
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Number((Math.ceil(value / unit) * unit).toPrecision(2));
}
