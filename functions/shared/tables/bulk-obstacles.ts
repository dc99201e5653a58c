import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { BULK_PUT, readingOf } from '../cost/bulk-put.ts';
import { count } from '../counted.ts';

/** A load that bulk put is to do. */
export interface BulkWork {
  /** The tables that are filled; absent: one that does not exist yet. */
  readonly tables: readonly (TableDescription | undefined)[];
  /** Objects that one operation reads. */
  readonly objects: number;
  /** Cap over all tables in write units a second; 0: none. */
  readonly writeUnitsPerSecond: number;
  readonly onExisting?: 'keep' | 'replace';
}

/**
 * Why bulk put cannot do the load, one clause each.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/BulkPutItems.Considerations.html
 */
export function bulkObstacles({
  tables,
  objects,
  writeUnitsPerSecond,
  onExisting,
}: BulkWork): readonly string[] {
  const { limits } = BULK_PUT;
  const maxObjects = readingOf(limits.objects) ?? Number.POSITIVE_INFINITY;
  return [
    ...(onExisting === 'replace' ? ['it cannot replace existing items, as "onExisting" asks'] : []),
    ...tables.flatMap((table) => (table === undefined ? [] : tableObstacles(table))),
    ...(objects <= maxObjects
      ? []
      : [`it reads at most ${count(maxObjects)} objects, and there are ${count(objects)}`]),
    ...capObstacles(writeUnitsPerSecond, tables.length),
  ];
}

function tableObstacles({
  TableName = '',
  Replicas = [],
  GlobalSecondaryIndexes = [],
}: TableDescription): readonly string[] {
  const creating = GlobalSecondaryIndexes.filter(
    ({ IndexStatus, Backfilling }) => IndexStatus === 'CREATING' || Backfilling === true,
  );
  return [
    ...(Replicas.length === 0 ? [] : [`table ${TableName} is a global table`]),
    ...creating.map(({ IndexName = '' }) => `index ${IndexName} of table ${TableName} is being created`),
  ];
}

/** Each operation has its own cap. 0: none. */
export function bulkCap(writeUnitsPerSecond: number, tableCount: number): number {
  return Math.floor(writeUnitsPerSecond / Math.max(1, tableCount));
}

function capObstacles(writeUnitsPerSecond: number, tableCount: number): readonly string[] {
  const least = readingOf(BULK_PUT.limits.minWriteRequestUnits) ?? 0;
  if (writeUnitsPerSecond === 0 || bulkCap(writeUnitsPerSecond, tableCount) >= least) return [];
  return [
    `its least cap is ${count(least)} write units a second for each table, and the run has ${writeUnitsPerSecond} for ${tableCount}`,
  ];
}
