import { OVERHEAD_BYTES_PER_ITEM } from '../items/item-size.ts';
import type { TableSpec } from '../migration/table-spec.ts';
import type { MonthlyCost } from './cost.ts';
import { DEFAULT_RUPEES_PER_DOLLAR, type PriceList, SEED_MONTHLY_RUPEES } from './prices.ts';

/** AWS's month. */
const HOURS_PER_MONTH = 730;

const GIGABYTE = 2 ** 30;

/** What a table is expected to hold. */
export interface TableContent {
  readonly items: number;
  /** By DynamoDB's size rule. */
  readonly bytes: number;
  /** Of the entries of its indexes, with what DynamoDB bills in addition to each. Default: none. */
  readonly indexStorageBytes?: number;
}

/** At which prices. */
export interface MonthlyBilling {
  readonly prices: PriceList;
  /** Default 88. */
  readonly rupeesPerDollar?: number | undefined;
}

/**
 * What a table costs each month: its capacity and that of every index (an index is paid for like its table, with as many
 * units of its own), and storage, the table's with point-in-time recovery. Indexes are rebuilt in a recovery, so that only
 * their storage is paid for. It leaves out requests to an on-demand table, because they are the shop's traffic.
 */
export function monthlyCost(
  spec: TableSpec,
  content: TableContent,
  { prices, rupeesPerDollar = DEFAULT_RUPEES_PER_DOLLAR }: MonthlyBilling,
): MonthlyCost {
  const { dollars: price } = prices.dynamodb;
  const shares = 1 + spec.indexes.length;
  const { readUnitsPerSecond = 0, writeUnitsPerSecond = 0 } =
    spec.billing.mode === 'PROVISIONED' ? spec.billing : {};
  const [readCapacity, writeCapacity] = [shares * readUnitsPerSecond, shares * writeUnitsPerSecond];
  const capacityDollars =
    HOURS_PER_MONTH *
    (readCapacity * price.readCapacityUnitHour + writeCapacity * price.writeCapacityUnitHour);
  const gigabytes = (content.bytes + OVERHEAD_BYTES_PER_ITEM * content.items) / GIGABYTE;
  const { indexStorageBytes = 0 } = content;
  const storageDollars =
    gigabytes * (price.tableGigabyteMonth + price.recoveryGigabyteMonth) +
    (indexStorageBytes / GIGABYTE) * price.tableGigabyteMonth;
  const dollars = capacityDollars + storageDollars;
  const seedRupees = SEED_MONTHLY_RUPEES.get(spec.name);
  return {
    table: spec.name,
    billing: spec.billing.mode,
    readCapacity,
    writeCapacity,
    indexes: spec.indexes.length,
    capacityDollars,
    storageDollars,
    dollars,
    rupees: dollars * rupeesPerDollar,
    ...(seedRupees === undefined ? {} : { seedRupees }),
  };
}

/** Whether the shop's earlier scripts have a cost for the table. */
export const hasEarlierCost = ({ seedRupees }: MonthlyCost): boolean => seedRupees !== undefined;

/** US dollars a month for `bytes` of backup in the bucket. */
export function bucketMonthlyDollars(bytes: number, { s3 }: PriceList): number {
  return (bytes / GIGABYTE) * s3.dollars.gigabyteMonth;
}
