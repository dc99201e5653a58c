import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { BULK_PUT, readingOf } from '../cost/bulk-put.ts';
import { measureRun, type MeasuredRun, type RunSize } from '../cost/run-size.ts';
import type { AskedEngine } from '../cost/write-engine.ts';
import { type Command, stepText } from '../commands.ts';
import { count } from '../counted.ts';
import { InvalidInputError } from '../errors.ts';

/** A load that bulk put is to do. */
export interface BulkWork {
  /** The tables that are filled; absent: one that does not exist yet. */
  readonly tables: readonly (TableDescription | undefined)[];
  /** Objects that one operation reads. */
  readonly objects: number;
  /** Cap over all tables in write units a second; 0: none. */
  readonly writeUnitsPerSecond: number;
  readonly onExisting?: 'keep' | 'replace' | undefined;
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

/** Lines of DynamoDB JSON have at most about twice the bytes that DynamoDB counts for their items. */
const LINE_BYTES_PER_ITEM_BYTE = 2;
/** Bytes of lines in one target file. */
const FILE_BYTES = 8 * 1024 * 1024;

/** Each data file of the backup becomes at least one object in each table. */
const objectsOf = ({ files, target }: MeasuredRun): number =>
  files + Math.ceil((target.bytes * LINE_BYTES_PER_ITEM_BYTE) / FILE_BYTES);

/** Why bulk put cannot fill the tables of a migration of this size, one clause each. */
export function migrateObstacles(
  size: RunSize,
  known: Pick<BulkWork, 'tables' | 'onExisting'>,
): readonly string[] {
  const { writeUnitsPerSecond = 0 } = size;
  return bulkObstacles({ ...known, objects: objectsOf(measureRun(size)), writeUnitsPerSecond });
}

/** The error of a run that asks for bulk put where something is in its way; `undefined`: it may go on. */
export function bulkRefusal(
  asked: AskedEngine,
  obstacles: readonly string[],
  { what, byBatches }: { readonly what: 'run' | 'restore'; readonly byBatches?: Command },
): InvalidInputError | undefined {
  if (asked !== 'bulk' || obstacles.length === 0) return undefined;
  return new InvalidInputError(
    `"writeEngine": bulk put cannot do this ${what}, because ${obstacles.join('; ')}. Nothing was created.`,
    byBatches && stepText(["To let the service's own workers write the items", byBatches]),
  );
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

/** DynamoDB accepts no lower cap of an operation, in write units a second. */
const LEAST_CAP = readingOf(BULK_PUT.limits.minWriteRequestUnits) ?? 1;

/**
 * Cap of each table's operation, in write units a second: its share of the run's, and at least the lowest that DynamoDB
 * accepts. 0: none.
 */
export function bulkCap(writeUnitsPerSecond: number, tableCount: number): number {
  if (writeUnitsPerSecond === 0) return 0;
  return Math.max(LEAST_CAP, Math.floor(writeUnitsPerSecond / Math.max(1, tableCount)));
}

/** Whether the operations of all tables together stay within the run's cap. */
export function isWithinCap(writeUnitsPerSecond: number, tableCount: number): boolean {
  return bulkCap(writeUnitsPerSecond, tableCount) * tableCount <= writeUnitsPerSecond;
}

function capObstacles(writeUnitsPerSecond: number, tableCount: number): readonly string[] {
  if (isWithinCap(writeUnitsPerSecond, tableCount)) return [];
  return [
    `its least cap is ${count(LEAST_CAP)} write units a second for each table, and the run has ${writeUnitsPerSecond} for ${tableCount}`,
  ];
}
