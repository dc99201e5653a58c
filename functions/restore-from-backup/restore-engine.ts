import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { engineFacts } from '../shared/cost/engine-estimates.ts';
import { restoreLoad, type RestoreSize } from '../shared/cost/estimate-restore.ts';
import { chooseWriteEngine } from '../shared/cost/write-engine.ts';
import type { Plan } from '../shared/state.ts';
import { bulkObstacles, bulkRefusal } from '../shared/tables/bulk-obstacles.ts';
import type { RestoreInput } from './restore-input.ts';

/**
 * The write engine; nothing where the input leaves it at batch.
 *
 * @throws InvalidInputError where bulk put was asked for and cannot do the restore; not retried
 */
export function engineOf(
  { writeEngine: asked = 'batch' }: RestoreInput,
  size: RestoreSize,
  target: TableDescription | undefined,
): Pick<Plan, 'writeEngine'> {
  if (asked === 'batch') return {};
  const { files: objects, writeUnitsPerSecond } = size;
  const obstacles = [
    // A backup's lines carry no condition, so bulk put would overwrite what the table has.
    ...(target === undefined
      ? []
      : [`table ${target.TableName ?? ''} exists, and its items would be replaced`]),
    ...bulkObstacles({ tables: [target], objects, writeUnitsPerSecond }),
  ];
  const refusal = bulkRefusal(asked, obstacles, { what: 'restore', remedy: ', or restore into a new table' });
  if (refusal !== undefined) throw refusal;
  return { writeEngine: chooseWriteEngine(engineFacts(restoreLoad(size), { asked, obstacles })) };
}
