import type { TableSpec } from '../migration/table-spec.ts';
import type { MonthlyCost } from './cost.ts';
import { defaultRupeesPerDollar, pricesOf, seedMonthlyRupees } from './prices.ts';
import type { Billing } from './usage.ts';

/** AWS's month. */
const hoursPerMonth = 730;

const gigabyte = 2 ** 30;

/** DynamoDB bills this much in addition to every item. */
const overheadBytesPerItem = 100;

/** What a table is expected to hold. */
export interface TableContent {
  readonly items: number;
  /** By DynamoDB's size rule. */
  readonly bytes: number;
}

/**
 * What a table costs each month: its capacity and that of every index (an index is paid for like its table, with as many
 * units of its own), and storage with point-in-time recovery. It leaves out requests to an on-demand table, because they
 * are the shop's traffic.
 */
export function monthlyCost(
  spec: TableSpec,
  content: TableContent,
  { region, rupeesPerDollar = defaultRupeesPerDollar }: Billing,
): MonthlyCost {
  const prices = pricesOf(region);
  const shares = 1 + spec.indexes.length;
  const { readUnitsPerSecond = 0, writeUnitsPerSecond = 0 } =
    spec.billing.mode === 'PROVISIONED' ? spec.billing : {};
  const [readCapacity, writeCapacity] = [shares * readUnitsPerSecond, shares * writeUnitsPerSecond];
  const capacityDollars =
    hoursPerMonth *
    (readCapacity * prices.readCapacityUnitHour + writeCapacity * prices.writeCapacityUnitHour);
  const gigabytes = (content.bytes + overheadBytesPerItem * content.items) / gigabyte;
  const storageDollars = gigabytes * (prices.tableGigabyteMonth + prices.recoveryGigabyteMonth);
  const dollars = capacityDollars + storageDollars;
  const seedRupees = seedMonthlyRupees.get(spec.name);
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

/** US dollars a month for `bytes` of backup in the bucket. */
export function bucketMonthlyDollars(bytes: number, region: string): number {
  return (bytes / gigabyte) * pricesOf(region).bucketGigabyteMonth;
}
