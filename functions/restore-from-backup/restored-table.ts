import type { TableDescription as DescribedTable } from '@aws-sdk/client-dynamodb';
import { creationInput } from '../shared/aws/create-table-input.ts';
import { keyDifference } from '../shared/aws/schema-differences.ts';
import type { TableDescription } from '../shared/aws/table-description.ts';
import type { TableModel } from '../shared/aws/table-model.ts';
import type { TableBlueprint } from '../shared/tables/ensure-table.ts';

/**
 * The new table of a restore: keys, indexes and class of the one that was backed up, on-demand and without maxima
 * while it is filled. Its tags say whose it is; the source's own follow once it is verified.
 */
export function restoredTable(table: TableDescription, name: string): TableBlueprint {
  return {
    name,
    input: (tags) => creationInput(onDemand(table), { name, tags }),
    differences: (existing) => [unusableKey(table, existing) ?? []].flat(),
  };
}

/** Why a table that exists cannot be restored into: its key; `undefined` where it can. */
export function unusableKey(backedUp: TableDescription, table: DescribedTable): string | undefined {
  const difference = keyDifference(backedUp, table);
  return (
    difference && `it has the key ${difference.found} where the backup's table has ${difference.expected}.`
  );
}

/** Without capacity: an on-demand table's indexes have none. */
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
