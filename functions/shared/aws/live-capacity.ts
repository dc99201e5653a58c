import type { OnDemandThroughput, ProvisionedThroughput, TableDescription } from '@aws-sdk/client-dynamodb';

/** The capacity of a table: provisioned, or the maxima of an on-demand table. Either may be missing. */
export interface TableCapacity {
  readonly ProvisionedThroughput?: Partial<ProvisionedThroughput> | undefined;
  readonly OnDemandThroughput?: OnDemandThroughput | undefined;
}

/** Half stays with the table's users. Below 1 unit a second it is a fraction, because a floor of 1 would take everything from a table with 1 unit. */
const OWN_PART = 0.5;

/** Read units a second that a table in use can spare: half of what is provisioned, or of an on-demand maximum; 0: no cap. */
export function sparedReadUnits({ ProvisionedThroughput, OnDemandThroughput }: TableCapacity = {}): number {
  return shareOf(ProvisionedThroughput?.ReadCapacityUnits, OnDemandThroughput?.MaxReadRequestUnits);
}

/** Whether reads draw capacity that is paid by the hour, and not one by one. */
export const hasProvisionedReads = ({ ProvisionedThroughput }: TableCapacity): boolean =>
  (ProvisionedThroughput?.ReadCapacityUnits ?? 0) > 0;

/** What the table can spare that has the least, of all that are written; one that does not exist yet caps nothing. */
export function leastSparedWriteUnits(tables: readonly (TableCapacity | undefined)[]): number {
  const spared = tables.map((table) => sparedWriteUnits(table)).filter((units) => units > 0);
  return spared.length === 0 ? 0 : Math.min(...spared);
}

const shareOf = (provisioned = 0, maximum = 0): number =>
  Math.max(0, provisioned > 0 ? provisioned : maximum) * OWN_PART;

/** An index that can spare fewer write units a second than its table. */
export interface WeakIndex {
  readonly name: string;
  /** What is provisioned, or the maximum. */
  readonly writeUnitsPerSecond: number;
  /** What it can spare. */
  readonly spared: number;
}

/**
 * DynamoDB throttles writes to a table whose index cannot keep up. Which items an index holds is not known before they are
 * written, so that these cap nothing by themselves.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations
 */
export function weakIndexes(table: TableDescription): readonly WeakIndex[] {
  const ofTable = sparedWriteUnits(table) || Number.POSITIVE_INFINITY;
  return (table.GlobalSecondaryIndexes ?? []).flatMap((index) => {
    const spared = sparedWriteUnits(index);
    if (spared === 0 || spared >= ofTable) return [];
    return [{ name: index.IndexName ?? '', writeUnitsPerSecond: spared / OWN_PART, spared }];
  });
}

/** Write units a second that a table in use can spare, in the same way; 0: no cap. */
export function sparedWriteUnits({ ProvisionedThroughput, OnDemandThroughput }: TableCapacity = {}): number {
  return shareOf(ProvisionedThroughput?.WriteCapacityUnits, OnDemandThroughput?.MaxWriteRequestUnits);
}
