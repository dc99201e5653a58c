import type { TableSpec } from '../shared/migration/table-spec.ts';
import { targetTables } from '../migrations/shop/tables/target-tables.ts';

/**
 * The spec of the table that this function creates.
 *
 * @throws Error where there is none: each of the creating functions has exactly one table
 */
export function tableCreatedBy(functionKey: string): TableSpec {
  const spec = targetTables.find(({ createdBy }) => createdBy === functionKey);
  if (spec === undefined)
    throw new Error(
      `No table in functions/migrations/shop/tables/target-tables.ts is created by ${functionKey}.`,
    );
  return spec;
}
