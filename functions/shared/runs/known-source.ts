import { describeTable } from '../aws/describe-table.ts';
import { commandsOf, type StagePlace, stepText } from '../commands.ts';
import { SourceReplacedError } from '../errors.ts';
import { createLookout } from '../ledger/fence.ts';
import type { Run } from '../ledger/run.ts';
import { mustCancel } from './sync-ends.ts';
import { assertSameTable, type TableLooker } from '../tables/known-table.ts';

/** A sync or a compare, and what it knows of its source. */
type KnownSource = Pick<
  Run,
  'runId' | 'kind' | 'status' | 'isStarted' | 'sourceTable' | 'sourceTableId' | 'follows'
>;

/**
 * Why the source is no longer the table that the run began with, as a sentence; `undefined` where it is, or where the run
 * has noted no TableId.
 *
 * @param found TableId of the table that has the name now; absent: there is none
 */
export function replacedSource(
  { runId, kind, sourceTable, sourceTableId }: KnownSource,
  found: string | undefined,
): string | undefined {
  if (sourceTableId === undefined || sourceTableId === found) return undefined;
  const now = found === undefined ? '' : ` and created another with that name (TableId ${found})`;
  const isNot = found === undefined ? 'is gone' : `is not the one that ${kind} ${runId} began with`;
  return `Table ${sourceTable} ${isNot}: somebody has deleted it${now}. Its TableId was ${sourceTableId}.`;
}

/**
 * Checks that the source is still the table that the run began with. Another one, above all an empty one, says nothing of
 * the items that the target holds.
 *
 * @throws SourceReplacedError; not retried
 */
export async function assertSameSource(
  { clients, config }: TableLooker & { readonly config: StagePlace },
  run: KnownSource,
): Promise<void> {
  if (run.sourceTableId === undefined) return;
  const replaced = replacedSource(run, (await describeTable(clients.tables, run.sourceTable))?.TableId);
  if (replaced === undefined) return;
  const isOpen = run.kind === 'sync' && !mustCancel(run);
  throw new SourceReplacedError(
    `${replaced} The target stays as it is: nothing is written to it or deleted from it any more.`,
    isOpen ? stepText(['Cancel the sync', commandsOf(config).cancelSync()]) : undefined,
  );
}

/**
 * {@link assertSameSource}, and `assertSameTable` of the tables that are filled, to be awaited before every request that
 * writes to one of them: no request begins on a look that is older than 5 s. Another table under the name of the source
 * takes longer than that to be made, so nothing is deleted because it lacks an item. The fence is awaited after it.
 */
export function watchBothEnds(
  runtime: TableLooker & { readonly config: StagePlace },
  run: KnownSource,
): () => Promise<void> {
  return createLookout(runtime.clock, async () => {
    await assertSameSource(runtime, run);
    for (const table of run.follows?.tables ?? []) await assertSameTable(runtime, table);
  });
}
