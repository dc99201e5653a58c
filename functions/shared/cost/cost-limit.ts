import { CostLimitError } from '../errors.ts';
import { dollars } from '../format.ts';
import { bulkPutDollars, type WriteEngine } from './write-engine.ts';

/** A run, its expected cost and its limit. */
export interface LimitedRun {
  /** What is refused, such as `migration`. */
  readonly what: 'migration' | 'restore';
  /** US dollars, from the input; absent: no limit. */
  readonly maxCost?: number | undefined;
  /** US dollars, estimated; absent: the region has no prices. */
  readonly dollars?: number | undefined;
  /** Why the estimate does not hold, as a clause. */
  readonly unknown?: string | undefined;
  readonly region: string;
  /** What there is of the run by now, a sentence. */
  readonly state: string;
}

/**
 * Why a run may not go on under its limit; `undefined` where it may. An unknown cost does not count as nothing: it
 * refuses.
 */
export function costRefusal(run: LimitedRun): CostLimitError | undefined {
  const { maxCost, dollars: estimate, unknown } = run;
  if (maxCost === undefined) return undefined;
  if (estimate === undefined || unknown !== undefined) return new CostLimitError(unknownSentence(run));
  return estimate <= maxCost ? undefined : new CostLimitError(tooDear(run, estimate));
}

/** A clause if a table has another class than Standard, whose prices nobody has written down. */
export function unpricedClass(classes: readonly (string | undefined)[]): string | undefined {
  const other = classes.find((one) => one !== undefined && one !== 'STANDARD');
  return other === undefined ? undefined : `no prices are known for the table class ${other}`;
}

/** A clause if bulk put fills the tables where nobody has written its price down: the estimate is that of batches. */
export function unpricedEngine(engine: WriteEngine | undefined, region: string): string | undefined {
  const isUnknown = engine === 'bulk' && bulkPutDollars(region, 0) === undefined;
  return isUnknown ? `no price of bulk put is known in ${region}` : undefined;
}

function tooDear({ what, maxCost = 0, region, state }: LimitedRun, estimate: number): string {
  const enough = roundedUp(estimate);
  return `The ${what} is estimated at ${exactly(estimate)} at the prices of ${region}, and maxCost allows ${exactly(maxCost)}. ${state} Start again with {"maxCost": ${enough}} (--max-cost ${enough}) or more.`;
}

function unknownSentence({ what, region, state, unknown, maxCost = 0 }: LimitedRun): string {
  const why = unknown ?? `no prices are known for region ${region}`;
  const remedy =
    unknown === undefined
      ? `Run npm run prices -- --region ${region} where AWS's price list can be reached and deploy again, or start`
      : 'Start';
  return `The cost of the ${what} is unknown, because ${why}, so maxCost of ${exactly(maxCost)} cannot be kept. ${state} ${remedy} without maxCost.`;
}

/** Two amounts that differ must not look the same: an estimate of $1.004 is more than $1. */
const exactly = (value: number): string => (value < 0.995 ? dollars(value) : `$${Number(value.toFixed(4))}`);

/** To two significant digits: enough for the estimate, and easy to type. */
function roundedUp(value: number): number {
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Number((Math.ceil(value / unit) * unit).toPrecision(2));
}
