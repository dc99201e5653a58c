import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { TableSpec } from '../../functions/shared/migration/table-spec.ts';

/** What the stack or the code calls the tables. */
export interface TableNames {
  readonly source: string;
  /** Name by the key of the function that creates the table. */
  readonly targets: Readonly<Record<string, string>>;
}

/** `productsEnhanced` becomes `createProductsEnhancedTable`. */
const creatorOf = (key: string): string => `create${key.charAt(0).toUpperCase()}${key.slice(1)}Table`;

/** By `workflow/resources/tables.yml` of a checkout, from which roles and dashboard are made. */
export function namesInStack(checkout: string): TableNames {
  const text = readFileSync(join(checkout, 'workflow/resources/tables.yml'), 'utf8');
  const { source, targets } = parse(text) as TableNames;
  return {
    source,
    targets: Object.fromEntries(Object.entries(targets).map(([key, name]) => [creatorOf(key), name])),
  };
}

/** By the specs of `functions/shared/tables/`. */
export function namesInSpecs({
  sourceTableName,
  targetTables,
}: {
  readonly sourceTableName: string;
  readonly targetTables: readonly TableSpec[];
}): TableNames {
  return {
    source: sourceTableName,
    targets: Object.fromEntries(targetTables.map(({ createdBy, name }) => [createdBy, name])),
  };
}
