import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { bulkPutDollars, chooseWriteEngine, unknownOfBulkPut } from '../shared/cost/write-engine.ts';
import { InvalidInputError } from '../shared/errors.ts';
import type { MigrationManifest } from '../shared/files/manifests.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { Plan } from '../shared/state.ts';
import { bulkObstacles } from '../shared/tables/bulk-obstacles.ts';
import type { RestoreInput } from './restore-input.ts';

/**
 * The write engine; nothing where the input leaves it at batch.
 *
 * @throws InvalidInputError where bulk put was asked for and cannot do the restore; not retried
 */
export function engineOf(
  { config: { region } }: Runtime,
  { writeEngine: asked = 'batch' }: RestoreInput,
  { manifest, target, units }: BulkRestore,
): Pick<Plan, 'writeEngine'> {
  if (asked === 'batch') return {};
  const obstacles = [
    // A backup's lines carry no condition, so bulk put would overwrite what the table has.
    ...(target === undefined
      ? []
      : [`table ${target.TableName ?? ''} exists, and its items would be replaced`]),
    ...bulkObstacles({ tables: [target], objects: manifest.files.length, writeUnitsPerSecond: units }),
  ];
  if (asked === 'bulk' && obstacles.length > 0)
    throw new InvalidInputError(
      `"writeEngine": bulk put cannot do this restore, because ${obstacles.join('; ')}. Nothing was created. Start again with {"writeEngine": "batch"}, or restore into a new table.`,
    );
  const batch = { seconds: undefined, dollars: undefined };
  const bulk = { seconds: undefined, dollars: bulkPutDollars(region, manifest.tableBytes) };
  return {
    writeEngine: chooseWriteEngine({ asked, obstacles, unknown: unknownOfBulkPut(region), batch, bulk }),
  };
}

interface BulkRestore {
  readonly manifest: MigrationManifest;
  readonly target: TableDescription | undefined;
  readonly units: number;
}
