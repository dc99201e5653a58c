/** US dollars for one of each, without free tier, discounts and tax. */
export interface Prices {
  readonly region: string;
  /** A write of up to 1 KB to an on-demand table. */
  readonly writeRequestUnit: number;
  /** A strongly consistent read of up to 4 KB from an on-demand table. */
  readonly readRequestUnit: number;
  readonly writeCapacityUnitHour: number;
  readonly readCapacityUnitHour: number;
  /** A GB (2^30 bytes) of table or index for a month. */
  readonly tableGigabyteMonth: number;
  /** A GB of point-in-time recovery for a month. */
  readonly recoveryGigabyteMonth: number;
  /** An S3 PUT or LIST. */
  readonly putRequest: number;
  readonly getRequest: number;
  readonly bucketGigabyteMonth: number;
  /** A GB of memory of an arm64 function for a second. */
  readonly lambdaGigabyteSecond: number;
  readonly lambdaRequest: number;
  /** A state transition of a Standard workflow. */
  readonly transition: number;
}

/**
 * When the figures were written down, and what they cover. They were not fetched: compare them with the pages named here
 * before you rely on them. The on-demand units of us-east-1 have been compared.
 */
export const PRICE_LIST = {
  date: '2026-11-23',
  source:
    'AWS pages "Amazon DynamoDB pricing" (on-demand and provisioned capacity, Standard table class, after the cut of November 2024), "Amazon S3 pricing" (Standard), "AWS Lambda pricing" (Arm, first tier) and "AWS Step Functions pricing" (Standard workflows)',
} as const;

const MILLION = 1e-6;
const THOUSAND = 1e-3;

const SYDNEY: Prices = {
  region: 'ap-southeast-2',
  writeRequestUnit: 0.7115 * MILLION,
  readRequestUnit: 0.1423 * MILLION,
  writeCapacityUnitHour: 0.00074,
  readCapacityUnitHour: 0.000148,
  tableGigabyteMonth: 0.285,
  recoveryGigabyteMonth: 0.228,
  putRequest: 0.0055 * THOUSAND,
  getRequest: 0.00044 * THOUSAND,
  bucketGigabyteMonth: 0.025,
  lambdaGigabyteSecond: 0.0000133334,
  lambdaRequest: 0.2 * MILLION,
  transition: 0.025 * THOUSAND,
};

const NORTH_VIRGINIA: Prices = {
  region: 'us-east-1',
  writeRequestUnit: 0.625 * MILLION,
  readRequestUnit: 0.125 * MILLION,
  writeCapacityUnitHour: 0.00065,
  readCapacityUnitHour: 0.00013,
  tableGigabyteMonth: 0.25,
  recoveryGigabyteMonth: 0.2,
  putRequest: 0.005 * THOUSAND,
  getRequest: 0.0004 * THOUSAND,
  bucketGigabyteMonth: 0.023,
  lambdaGigabyteSecond: 0.0000133334,
  lambdaRequest: 0.2 * MILLION,
  transition: 0.025 * THOUSAND,
};

const BY_REGION: ReadonlyMap<string, Prices> = new Map(
  [SYDNEY, NORTH_VIRGINIA].map((prices) => [prices.region, prices]),
);

/** The prices of a region, or those of ap-southeast-2 if it is not listed. `region` of the result says which. */
export function pricesOf(region: string): Prices {
  return BY_REGION.get(region) ?? SYDNEY;
}

/** Rupees per dollar, by default. */
export const DEFAULT_RUPEES_PER_DOLLAR = 88;

/** Monthly cost of a table by the shop's earlier scripts, in rupees. They leave out the indexes' capacity. */
export const SEED_MONTHLY_RUPEES: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['orders', [80, 100]],
  ['returns', [40, 50]],
]);
