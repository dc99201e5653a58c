import type { FilledTable } from '../../../shared/migration/migration.ts';
import type { TableSpec } from '../../../shared/migration/table-spec.ts';
import { migration } from '#migration/index.ts';

/** The new data model, in the order in which the tables are listed and rolled back. */
export const targetTables: readonly TableSpec[] = migration.targets;

/** The one table that products are migrated into. */
export const [catalogueTable] = migration.filled as readonly [FilledTable];

/** The table that the shop runs on; the deployment parameter `sourceTable` may name another. */
export const sourceTableName = migration.source.name;

/** The key that the source table must have. */
const [{ name: partitionKey, type } = { name: '', type: 'S' as const }] = migration.source.key;
export const sourceKey = { partitionKey, type };
