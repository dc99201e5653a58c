/** US dollars, by what they are paid for. */
export interface CostParts {
  /** Read request units: source, target, ledger. */
  readonly reads: number;
  /** Write request units: target, ledger. */
  readonly writes: number;
  /** S3 requests. Storage is a monthly cost. */
  readonly s3: number;
  /** Lambda requests and GB-seconds. */
  readonly lambda: number;
  /** Step Functions state transitions. */
  readonly transitions: number;
  /** What DynamoDB's bulk put writes. Absent where nothing is written that way. */
  readonly bulkPut?: number;
}

/** What something costs once. */
export interface Cost {
  readonly dollars: number;
  readonly rupees: number;
  readonly parts: CostParts;
  /** Region whose prices were used. */
  readonly region: string;
  /** The day from which the oldest of those prices is, YYYY-MM-DD. */
  readonly pricesDate: string;
  readonly rupeesPerDollar: number;
}

/** What alone has no price of a run by bulk put. */
export const BULK_PUT_NAME = 'bulk put';

/** What something costs where nobody has written the prices down: no figure stands for it. */
export interface UnknownCost {
  readonly region: string;
  /** What alone has no price in the region: `bulk put`, or `the table class <class>`. Absent: nothing has one there. */
  readonly unpriced?: string;
}

/** `ap-southeast-2`, or `bulk put in ap-southeast-2`: of what there are no prices. */
export const unpricedText = ({ region, unpriced }: UnknownCost): string =>
  unpriced === undefined ? region : `${unpriced} in ${region}`;

/** Whether a cost holds figures. */
export function isCosted<C extends object>(cost: C): cost is Extract<C, Cost> {
  return 'dollars' in cost;
}

/** What a table costs each month, its indexes included. */
export interface MonthlyCost {
  readonly table: string;
  readonly billing: 'PROVISIONED' | 'PAY_PER_REQUEST';
  /** Units a second that are paid for all month, table and indexes together; 0 on demand. */
  readonly readCapacity: number;
  readonly writeCapacity: number;
  /** How many of those units belong to indexes. */
  readonly indexes: number;
  /** Capacity, US dollars; 0 on demand, where requests are paid one by one. */
  readonly capacityDollars: number;
  /** Storage, indexes included, and point-in-time recovery of what the migration puts there, US dollars. */
  readonly storageDollars: number;
  readonly dollars: number;
  readonly rupees: number;
  /** The cost by the shop's earlier scripts, in rupees. Absent if they give none. */
  readonly seedRupees?: readonly [number, number];
}

/** How long one Map lasts and how often its workers are called. */
export interface PhaseEstimate {
  readonly state: string;
  readonly seconds: number;
  /** Calls of a worker, over all of them. */
  readonly turns: number;
}

/** What a run is expected to do, in any region. */
export interface EstimatedWork {
  /**
   * For a target as cold as a new on-demand table. Plan with this figure. Of a run by bulk put: without the bulk put, whose
   * time AWS states nowhere.
   */
  readonly seconds: number;
  /** For a target that takes as much as the caps allow. */
  readonly secondsAtCaps: number;
  readonly phases: readonly PhaseEstimate[];
  readonly readUnits: number;
  readonly writeUnits: number;
  /** Of a run by bulk put: bytes of the items that DynamoDB writes itself. Indexes are not counted. */
  readonly bulkPutBytes?: number;
  /** METADATA and VARIANT items. */
  readonly items: number;
  /** True: a rehearsal has counted the items. False: they follow from the number of products. */
  readonly rehearsed: boolean;
}

/** What a run is expected to take, in a region with prices. */
export interface EstimatedCost extends EstimatedWork, Cost {
  readonly monthly: readonly MonthlyCost[];
  /** The backup in the bucket, US dollars a month. */
  readonly backupMonthlyDollars: number;
}

/** What a run is expected to take; without any figure of money in a region without prices. */
export type Estimate = EstimatedCost | (EstimatedWork & UnknownCost);
