import { type Command, commandsOf, type Step, stepText } from '../shared/commands.ts';
import { describeTable } from '../shared/aws/describe-table.ts';
import { SyncRefusedError } from '../shared/errors.ts';
import { findRun, type Run } from '../shared/ledger/run.ts';
import { otherSource, replacedSource } from '../shared/runs/known-source.ts';
import type { SyncRuntime } from './sync-runtime.ts';

/** What a sync or a compare begins with. */
export interface FollowedSource {
  /** TableId of the source that is there now; absent where the engine gives none. */
  readonly tableId: string | undefined;
  /** What the operator typed: the TableId of a source that the migration has not read. */
  readonly confirmed: string | undefined;
  readonly confirm: (tableId: string) => Command;
}

/**
 * A sync deletes from the target what the source does not hold. So a source that took the place of the one that was
 * migrated is followed only where the operator names it.
 *
 * @param followed the migration
 * @throws SyncRefusedError; not retried
 */
export function requireSourceConfirmed(followed: Run, { tableId, confirmed, confirm }: FollowedSource): void {
  const other = otherSource(followed, tableId);
  if (other === undefined || tableId === undefined || tableId === confirmed) return;
  throw new SyncRefusedError(
    `${other} A sync deletes from the target what its source does not hold. Nothing was changed.`,
    stepText(['If this table is the right source', confirm(tableId)]),
  );
}

/**
 * The TableId that an open sync is to note of its source: one of an earlier version has noted none. Whose stream is
 * followed is the table that the sync began with.
 *
 * @throws SyncRefusedError (not retried) where another table has the name of the source
 */
export async function sourceOfOpen(
  { clients, config, ledger }: SyncRuntime,
  open: Run,
): Promise<Pick<Run, 'sourceTableId'>> {
  const table = await describeTable(clients.tables, open.sourceTable);
  const found = table?.TableId;
  const isOfStream = table?.LatestStreamArn !== undefined && table.LatestStreamArn === open.stream?.arn;
  const followed =
    open.sourceTableId === undefined && !isOfStream && open.follows !== undefined
      ? await findRun(ledger, open.follows.runId)
      : undefined;
  const replaced = replacedSource(open, found) ?? (followed && otherSource(followed, found));
  if (replaced === undefined) return found === undefined ? {} : { sourceTableId: found };
  const cancel: Step = ['Cancel the sync', commandsOf(config).cancelSync()];
  throw new SyncRefusedError(
    `${replaced} A compare would delete from the target what this table does not hold. Nothing was changed. The target stays as it is.`,
    stepText(cancel),
  );
}
