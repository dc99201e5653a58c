import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { commandsOf } from '../shared/commands.ts';
import type { Config } from '../shared/env.ts';
import { engineFacts } from '../shared/cost/engine-estimates.ts';
import { restoreLoad, type RestoreSize } from '../shared/cost/estimate-restore.ts';
import { chooseWriteEngine } from '../shared/cost/write-engine.ts';
import type { Plan } from '../shared/state.ts';
import { typedInput } from '../shared/runs/again-input.ts';
import { bulkObstacles, bulkRefusal } from '../shared/tables/bulk-obstacles.ts';
import type { RestoreInput } from './restore-input.ts';

/**
 * The write engine; nothing where the input leaves it at batch.
 *
 * @throws InvalidInputError where bulk put was asked for and cannot do the restore; not retried
 */
export function engineOf(
  config: Pick<Config, 'stage' | 'region' | 'closeNewTables'>,
  input: RestoreInput,
  { size, target }: RestoreLoad,
): Pick<Plan, 'writeEngine'> {
  const { writeEngine: asked = 'batch' } = input;
  if (asked === 'batch') return {};
  const { files: objects, writeUnitsPerSecond } = size;
  const obstacles = [
    // A backup's lines carry no condition, so bulk put would overwrite what others have written.
    ...(target === undefined
      ? []
      : [`table ${target.TableName ?? ''} exists, and its items would be replaced`]),
    ...(target === undefined && !config.closeNewTables
      ? [
          'this deployment leaves new tables open (closeNewTables=false), and what others write there would be replaced',
        ]
      : []),
    ...bulkObstacles({ tables: [target], objects, writeUnitsPerSecond }),
  ];
  const byBatches = commandsOf(config).restore({ ...typedInput(input), writeEngine: 'batch' });
  const refusal = bulkRefusal(asked, obstacles, { what: 'restore', byBatches });
  if (refusal !== undefined) throw refusal;
  return { writeEngine: chooseWriteEngine(engineFacts(restoreLoad(size), { asked, obstacles })) };
}

/** What is restored, and into which table; `undefined`: a new one. */
interface RestoreLoad {
  readonly size: RestoreSize;
  readonly target: TableDescription | undefined;
}
