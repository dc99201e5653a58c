import { describeTable } from '../aws/describe-table.ts';
import { commandsOf, type StagePlace, stepText } from '../commands.ts';
import { SourceReplacedError } from '../errors.ts';
import { createLookout } from '../ledger/fence.ts';
import type { Run } from '../ledger/run.ts';
import { mustCancel } from './sync-ends.ts';
import type { Runtime } from '../runtime.ts';
import { assertSameTable, describeKnown, type TableLooker } from '../tables/known-table.ts';

/** A run, and what it knows of its source. */
type KnownSource = Pick<Run, 'runId' | 'kind' | 'sourceTable' | 'sourceTableId' | 'source'>;

/** A sync or a compare. */
type KnownEnds = KnownSource & Pick<Run, 'status' | 'isStarted' | 'follows'>;

/**
 * Why another table than the one that the run began with has the source's name, as a sentence; `undefined` where it is the
 * same, or where nobody knows.
 *
 * @param found TableId of the table that has the name now
 */
export function otherSource(
  { runId, kind, sourceTable, sourceTableId, source }: KnownSource,
  found: string | undefined,
): string | undefined {
  const known = sourceTableId ?? source?.tableId ?? '';
  if (known === '' || found === undefined || known === found) return undefined;
  const what = kind === 'sync' || kind === 'compare' ? kind : 'run';
  return `Table ${sourceTable} is not the one that ${what} ${runId} began with: somebody has deleted it and created another with that name (TableId ${found}, and it was ${known}).`;
}

/** {@link otherSource}, also where there is no such table any more. @param found absent: there is none */
export function replacedSource(run: KnownSource, found: string | undefined): string | undefined {
  const { sourceTable, sourceTableId } = run;
  if (sourceTableId === undefined || found !== undefined) return otherSource(run, found);
  return `Table ${sourceTable} is gone: somebody has deleted it. Its TableId was ${sourceTableId}.`;
}

/** One backup must not hold items of two tables. @throws SourceReplacedError; not retried */
export function refuseOtherSource(run: Run, found: string | undefined): void {
  const other = otherSource(run, found);
  if (other === undefined) return;
  throw new SourceReplacedError(`${other} One backup must not hold items of two tables. Find out who.`);
}

/**
 * Checks before a turn of a backup that the source is still the table that the run began with. One that replaces it during
 * the turn is found when the backup is sealed.
 *
 * @throws SourceReplacedError, TableUnavailableError; neither is retried
 */
export async function assertBackupSource(
  runtime: Pick<Runtime, 'clients' | 'clock'>,
  run: Run,
): Promise<void> {
  if (run.sourceTableId === undefined) return;
  refuseOtherSource(run, (await describeKnown(runtime, run.sourceTable)).TableId);
}

/**
 * Checks that the source is still the table that a sync or a compare began with. Another one, above all an empty one, says
 * nothing of the items that the target holds.
 *
 * @throws SourceReplacedError; not retried
 */
async function assertSameSource(
  { clients, config }: TableLooker & { readonly config: StagePlace },
  run: KnownEnds,
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
  run: KnownEnds,
): () => Promise<void> {
  return createLookout(runtime.clock, async () => {
    await assertSameSource(runtime, run);
    for (const table of run.follows?.tables ?? []) await assertSameTable(runtime, table);
  });
}
