import { ConfigurationError } from '../shared/errors.ts';
import type { TableSpec } from '../shared/migration/table-spec.ts';
import type { Runtime } from '../shared/runtime.ts';

/** What tells a creating function from its like. */
export interface FunctionOfTable {
  readonly migration: Pick<Runtime['migration'], 'targets'>;
  readonly config: Pick<Runtime['config'], 'functionKey'>;
}

/**
 * The table that this function creates: each table of the migration has a function of its own, and all of them the
 * same code.
 *
 * @throws ConfigurationError where the function was deployed for a table that the migration does not have; not retried
 */
export function ownTable({ migration, config }: FunctionOfTable): TableSpec {
  const spec = migration.targets.find(({ createdBy }) => createdBy === config.functionKey);
  if (spec !== undefined) return spec;
  throw new ConfigurationError(
    `No table of the migration is created by the function ${config.functionKey}. Deploy the service again with sls deploy.`,
  );
}
