import type { TableDescription as DescribedTable } from '@aws-sdk/client-dynamodb';
import { creationInput } from '../shared/aws/create-table-input.ts';
import { keyDifference } from '../shared/aws/schema-differences.ts';
import type { TableDescription } from '../shared/aws/table-description.ts';
import type { TableModel } from '../shared/aws/table-model.ts';
import type { TableBlueprint } from '../shared/tables/create-or-find.ts';

/**
 * The new table of a restore. It has the keys, indexes and class of the backed up table, and is on-demand without
 * maxima while it is filled. Its tags say which run created it. The source's tags follow once it is verified.
 */
export function restoredTable(table: TableDescription, name: string): TableBlueprint {
  return {
    name,
    input: (tags) => creationInput(onDemand(table), { name, tags }),
    differences: (existing) => [unusableKey(table, existing) ?? []].flat(),
  };
}

/** Why an existing table's key rules out a restore into it. `undefined` if it does not. */
export function unusableKey(backedUp: TableDescription, table: DescribedTable): string | undefined {
  const difference = keyDifference(backedUp, table);
  return difference && `its key is ${difference.found}, and the backup's table has ${difference.expected}.`;
}

/** Without capacity, because an on-demand table's indexes have none. */
function onDemand(table: TableModel): TableModel {
  const { provisionedThroughput: _provisioned, globalSecondaryIndexes, ...rest } = table;
  return {
    ...rest,
    billingMode: 'PAY_PER_REQUEST',
    globalSecondaryIndexes: globalSecondaryIndexes.map((index) => {
      const { ProvisionedThroughput: _capacity, ...others } = index;
      return others;
    }),
  };
}
