import type { ShardTurn } from '../shared/copy/shard-turn.ts';
import { commandsOf, type Input, stepText } from '../shared/commands.ts';
import { SourceTableEmptyError } from '../shared/errors.ts';
import { syncInputOf } from '../shared/runs/start-again.ts';
import { mustCancel } from '../shared/runs/sync-ends.ts';
import type { Runtime } from '../shared/runtime.ts';
import { filledTablesOf } from '../shared/tables/run-tables.ts';

/**
 * A compare that repairs deletes what the source does not hold. Where the source is empty and the target is not, that is
 * everything, and more often a mistake than intended.
 *
 * @throws SourceTableEmptyError unless the operator has allowed it; not retried
 */
export async function refuseEmptySource(
  runtime: Runtime,
  { run, retry }: Pick<ShardTurn<unknown>, 'run' | 'retry'>,
): Promise<void> {
  const isEmpty = async (tableName: string): Promise<boolean> => {
    const first = { tableName, segment: 0, totalSegments: 1, limit: 1 } as const;
    const { items, lastEvaluatedKey } = await retry(() => runtime.items.scanPage(first));
    return items.length === 0 && lastEvaluatedKey === undefined;
  };
  if (run.parameters.allowEmpty === true || !(await isEmpty(run.sourceTable))) return;
  for (const { name } of filledTablesOf(runtime, run)) {
    if (await isEmpty(name)) continue;
    const { startSync, compare } = commandsOf(runtime.config);
    const allowEmpty: Input = { allowEmpty: true };
    throw new SourceTableEmptyError(
      `Table ${run.sourceTable} is empty, and table ${name} is not: a compare would delete what a migration has written there. Nothing was deleted.`,
      stepText([
        'If the source is meant to be empty',
        mustCancel(run) ? startSync({ ...syncInputOf(run), ...allowEmpty }) : compare(allowEmpty),
      ]),
    );
  }
}
