import type { DynamoDBClient, TableDescription } from '@aws-sdk/client-dynamodb';
import { describeTable } from '../aws/describe-table.ts';
import { stepText } from '../commands.ts';
import { deployWith } from '../deploy-with.cjs';
import { GlobalTableError } from '../errors.ts';

/** The Regions of a table's other replicas, as text; `undefined`: it has none. */
export function replicasOf({ Replicas = [] }: TableDescription): string | undefined {
  if (Replicas.length === 0) return undefined;
  return Replicas.map(({ RegionName = 'another Region' }) => RegionName).join(', ');
}

/** Whether conditions hold in one Region only. With strong consistency over all Regions they hold in all of them. */
export function isUnsafeGlobal(table: TableDescription): boolean {
  return replicasOf(table) !== undefined && table.MultiRegionConsistency !== 'STRONG';
}

const otherNames = (): string =>
  stepText([
    `Remove its replicas, or let the migration use other names: ${deployWith('tablePrefix', '<prefix>')}. Add replicas afterwards`,
  ]);

/**
 * Why a table cannot be filled; `undefined`: it can. Between replicas the later write wins, whatever a condition has
 * found in its own Region. Where reads and writes are consistent over all Regions, conditions hold in all of them.
 *
 * @param nextStep default: what helps a migration
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
 */
export function globalTableError(
  table: TableDescription,
  nextStep = otherNames(),
): GlobalTableError | undefined {
  const { TableName = '' } = table;
  if (!isUnsafeGlobal(table)) return undefined;
  return new GlobalTableError(
    `Table ${TableName} is a global table with replicas (${replicasOf(table)}). Every write into an existing table has a condition, and conditions hold in one Region only: what the shop writes in another Region at the same moment could be lost. The table was not touched.`,
    nextStep,
  );
}

/** @throws GlobalTableError (not retried) where one of these tables has replicas; the SDK's errors */
export async function refuseGlobalTables(client: DynamoDBClient, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const table = await describeTable(client, name);
    const error = table && globalTableError(table);
    if (error !== undefined) throw error;
  }
}
