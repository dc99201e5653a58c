import { pricesCommand } from '../commands.ts';
import { capitalized } from '../counted.ts';
import { type UnknownCost, unpricedText } from './cost.ts';
import prices from './prices.json' with { type: 'json' };

/**
 * The prices of a region; `undefined` where nobody has written them down, never another region's. `prices.json` holds
 * them: US dollars for one of each, without free tier, discounts and tax. `npm run prices` fetches them from AWS.
 */
export function pricesOf(region: string): PriceList | undefined {
  return BY_REGION.get(region);
}

const BY_REGION: ReadonlyMap<string, PriceList> = new Map(Object.entries<PriceList>(prices));

/** The day from which the oldest figure of a region is, YYYY-MM-DD. */
export function dateOf({ dynamodb, s3, lambda, stepFunctions }: PriceList): string {
  return [dynamodb, s3, lambda, stepFunctions].map(({ date }) => date).toSorted()[0] ?? '';
}

/** Why a cost is unknown, as a clause. */
export function unpricedClause(cost: UnknownCost): string {
  const what = cost.unpriced === undefined ? `region ${cost.region}` : unpricedText(cost);
  return `no prices are known for ${what}`;
}

/** Why a cost is unknown, with the remedy where there is one. */
export function unpricedSentence(cost: UnknownCost): string {
  const { region, unpriced } = cost;
  const remedy =
    unpriced === undefined
      ? ` Where AWS's price list can be reached, this command fetches them for the next deployment: ${pricesCommand(region).line}`
      : '';
  return `${capitalized(unpricedClause(cost))}, so the cost is unknown.${remedy}`;
}

/** The class of the first table that is not Standard, whose prices alone are known; `undefined`: there is none. */
export function unpricedClassOf(classes: readonly (string | undefined)[]): string | undefined {
  return classes.find((one) => one !== undefined && one !== 'STANDARD');
}

/** What one service charges in one region. */
export interface PriceGroup<Figure extends string> {
  /** Where the figures were read. */
  readonly source: string;
  /** When, YYYY-MM-DD. */
  readonly date: string;
  /** US dollars for one of each. */
  readonly dollars: Readonly<Record<Figure, number>>;
}

/** The figures of each group. `GB` means 2^30 bytes. */
export interface PriceList {
  /**
   * A write of up to 1 KB and a strongly consistent read of up to 4 KB on demand, a provisioned unit for an hour, a GB of
   * table or index and of point-in-time recovery for a month.
   */
  readonly dynamodb: PriceGroup<
    | 'writeRequestUnit'
    | 'readRequestUnit'
    | 'writeCapacityUnitHour'
    | 'readCapacityUnitHour'
    | 'tableGigabyteMonth'
    | 'recoveryGigabyteMonth'
  >;
  /** A PUT or LIST, a GET, a GB for a month. */
  readonly s3: PriceGroup<'putRequest' | 'getRequest' | 'gigabyteMonth'>;
  /** A GB of memory of an arm64 function for a second, and a call. */
  readonly lambda: PriceGroup<'gigabyteSecond' | 'request'>;
  /** A state transition of a Standard workflow. */
  readonly stepFunctions: PriceGroup<'transition'>;
}

/** Rupees per dollar, by default. */
export const DEFAULT_RUPEES_PER_DOLLAR = 88;

/** Monthly cost of a table by the shop's earlier scripts, in rupees. They leave out the indexes' capacity. */
export const SEED_MONTHLY_RUPEES: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['orders', [80, 100]],
  ['returns', [40, 50]],
]);
