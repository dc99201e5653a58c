import type { ShardTurn } from '../shared/copy/shard-turn.ts';
import { commandsOf, type Step, stepText } from '../shared/commands.ts';
import { SourceTableEmptyError } from '../shared/errors.ts';
import { createLookout } from '../shared/ledger/fence.ts';
import { syncInputOf } from '../shared/runs/start-again.ts';
import { mustCancel } from '../shared/runs/sync-ends.ts';
import type { Runtime } from '../shared/runtime.ts';

/**
 * A compare that repairs deletes what the source does not hold. Where the source is empty, that is everything that a
 * migration has written, and more often a mistake than intended. So a turn looks before its deletions whether the source
 * holds anything: it reads one item, and no deletion rests on a look that is older than 5 s.
 *
 * @returns to be awaited before each deletion, with the table's name; throws SourceTableEmptyError (not retried) unless
 *   the operator has allowed it
 */
export function refuseEmptySource(
  { items, config }: Pick<Runtime, 'items' | 'config'>,
  { run, retry, clock }: Pick<ShardTurn<unknown>, 'run' | 'retry' | 'clock'>,
): (tableName: string) => Promise<void> {
  if (run.parameters.allowEmpty === true) return () => Promise.resolve();
  const { sourceTable } = run;
  let isEmpty = false;
  const lookOut = createLookout(clock, async () => {
    const first = { tableName: sourceTable, segment: 0, totalSegments: 1, limit: 1 } as const;
    const page = await retry(() => items.scanPage(first));
    isEmpty = page.items.length === 0 && page.lastEvaluatedKey === undefined;
  });
  return async (tableName) => {
    await lookOut();
    if (!isEmpty) return;
    throw new SourceTableEmptyError(
      `Table ${sourceTable} is empty, and table ${tableName} holds items that a migration has written. A compare would delete them, so it has stopped before that.`,
      stepText(...stepsOf(run, config)),
    );
  };
}

/** The sync of a start that has failed is cancelled, so nothing will catch up. */
function stepsOf(run: ShardTurn<unknown>['run'], place: Runtime['config']): readonly Step[] {
  const { startSync, compare } = commandsOf(place);
  const meant = 'If the source is meant to be empty';
  if (mustCancel(run)) return [[meant, startSync({ ...syncInputOf(run), allowEmpty: true })]];
  return [
    [
      'If its last items were deleted just now, wait until the sync has followed that, then compare again',
      compare(),
    ],
    [meant, compare({ allowEmpty: true })],
  ];
}
