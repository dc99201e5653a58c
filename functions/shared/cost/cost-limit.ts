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
}

/**
 * Why a run may not go on under its limit; `undefined` where it may. An unknown cost does not count as nothing: it
 * refuses.
 */
export function costRefusal({ cost, maxCost, ...run }: LimitedRun): CostLimitError | undefined {
  if (maxCost === undefined) return undefined;
  if (!('dollars' in cost)) return new CostLimitError(unknownSentence(run, cost, maxCost));
  return cost.dollars <= maxCost ? undefined : new CostLimitError(tooDear(run, cost, maxCost));
}

type Refused = Pick<LimitedRun, 'what' | 'state'>;

function tooDear(
  { what, state }: Refused,
  { dollars: estimate, region }: Pick<Cost, 'dollars' | 'region'>,
  maxCost: number,
): string {
  const enough = roundedUp(estimate);
  return `The ${what} is estimated at ${exactly(estimate)} at the prices of ${region}, and maxCost allows ${exactly(maxCost)}. ${state} Start again with {"maxCost": ${enough}} (--max-cost ${enough}) or more.`;
}

function unknownSentence({ what, state }: Refused, cost: UnknownCost, maxCost: number): string {
  return `The cost of the ${what} is unknown, because ${unpricedClause(cost)}, so maxCost of ${exactly(maxCost)} cannot be kept. ${state} ${remedyOf(cost)} without maxCost.`;
}

/** How a run of unknown cost can be started all the same; it goes on with `without maxCost`. */
function remedyOf({ region, unpriced }: UnknownCost): string {
  if (unpriced === undefined)
    return `Run npm run prices -- --region ${region} where AWS's price list can be reached and deploy again, or start`;
  return unpriced === BULK_PUT_NAME ? 'Start with {"writeEngine": "batch"}, or' : 'Start';
}

/** Two amounts that differ must not look the same: an estimate of $1.004 is more than $1. */
const exactly = (value: number): string => (value < 0.995 ? dollars(value) : `$${Number(value.toFixed(4))}`);

/** To two significant digits: enough for the estimate, and easy to type. */
function roundedUp(value: number): number {
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Number((Math.ceil(value / unit) * unit).toPrecision(2));
}
