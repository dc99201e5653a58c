import { RunClosedError } from '../errors.ts';
import { EXISTING } from './actions.ts';
import { type LedgerTable, runKey } from './ledger-table.ts';
import { findRun, type Run } from './run.ts';
import { updateIf } from './store.ts';
import { newWarnings, warningChange } from './warnings.ts';

/** Facts of a run that its stages add; status, lock and recoveryOwner change by `transition` only. */
export type RunFacts = Partial<
  Pick<
    Run,
    'plan' | 'source' | 'backup' | 'rehearsal' | 'verification' | 'details' | 'protection' | 'failure'
  >
>;

/**
 * Adds facts to a run that is RUNNING for this execution.
 *
 * @throws RunClosedError when it is not; not retried.
 */
export async function updateRun(
  ledger: LedgerTable,
  scope: { readonly runId: string; readonly executionArn: string },
  facts: RunFacts,
): Promise<void> {
  const { runId, executionArn } = scope;
  const isNoted = await updateIf(ledger, runKey(runId), {
    if: { status: 'RUNNING', executionArn },
    set: facts,
  });
  if (!isNoted)
    throw new RunClosedError(`Run ${runId} is no longer running for this execution; nothing was recorded.`);
}

/**
 * Adds sentences to the run's warnings; each at most once. A run that somebody has removed from the ledger stays away.
 *
 * @throws the SDK's errors; harmless to repeat.
 */
export async function warnRun(
  ledger: LedgerTable,
  { runId }: Pick<Run, 'runId'>,
  warnings: readonly string[],
): Promise<void> {
  const run = await findRun(ledger, runId);
  if (run === undefined) return;
  const change = warningChange(newWarnings(run, warnings));
  if (Object.keys(change).length > 0) await updateIf(ledger, runKey(runId), { if: EXISTING, ...change });
}

/**
 * Adds sentences about a restored table's settings to the run's warnings; each at most once. They replace what the commit
 * has noted, in one request, so that a report has either.
 *
 * @throws the SDK's errors; harmless to repeat.
 */
export async function noteSettings(
  ledger: LedgerTable,
  run: Run,
  warnings: readonly string[],
): Promise<void> {
  await updateIf(ledger, runKey(run.runId), {
    if: EXISTING,
    ...warningChange(newWarnings(run, warnings)),
    remove: ['unconfirmedSettings'],
  });
}

/** What is still to be done for a run that has ended. */
export type PendingFact = 'opening' | 'protection' | 'reporting';

/**
 * Notes that it is done, unless the run's status has changed since it was read: the next end has its own. Idempotent;
 * @throws the SDK's errors
 */
export async function noteDone(
  ledger: LedgerTable,
  { runId, changedBy }: Pick<Run, 'runId' | 'changedBy'>,
  fact: PendingFact,
): Promise<void> {
  await updateIf(ledger, runKey(runId), { if: { [fact]: 'PENDING', changedBy }, set: { [fact]: 'DONE' } });
}
