import { SourceReplacedError } from '../errors.ts';
import type { Run } from '../ledger/run.ts';
import type { Runtime } from '../runtime.ts';
import { describeKnown } from '../tables/known-table.ts';

/**
 * Why another table than the one that the run began with has the source's name, as a sentence; `undefined` where it is the
 * same, or where nobody knows.
 *
 * @param found TableId of the table that has the name now
 */
export function otherSource(
  { runId, sourceTable, sourceTableId, source }: Run,
  found: string | undefined,
): string | undefined {
  const known = sourceTableId ?? source?.tableId ?? '';
  if (known === '' || found === undefined || known === found) return undefined;
  return `Table ${sourceTable} is not the one that run ${runId} began with: somebody has deleted it and created another with that name (TableId ${found}, and it was ${known}).`;
}

/** @throws SourceReplacedError; not retried */
export function refuseOtherSource(run: Run, found: string | undefined): void {
  const other = otherSource(run, found);
  if (other === undefined) return;
  throw new SourceReplacedError(`${other} One backup must not hold items of two tables. Find out who.`);
}

/**
 * Checks before a turn that the source is still the table that the run began with. One that replaces it during the turn is
 * found when the backup is sealed.
 *
 * @throws SourceReplacedError, TableUnavailableError; neither is retried
 */
export async function assertSameSource(runtime: Pick<Runtime, 'clients' | 'clock'>, run: Run): Promise<void> {
  if (run.sourceTableId === undefined) return;
  refuseOtherSource(run, (await describeKnown(runtime, run.sourceTable)).TableId);
}
