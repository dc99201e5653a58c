import { backupLayout, RUN_LAYOUT } from '../files/layout.ts';
import { listFiles } from '../ledger/file.ts';
import { lockTableOf } from '../ledger/lock.ts';
import { isReadable, newestRuns, readRun, type Run } from '../ledger/run.ts';
import { listTransformed } from '../ledger/transformed-file.ts';
import type { Runtime } from '../runtime.ts';
import { syncedSince } from './synced-since.ts';

/** A step that was short of time may go on for so long after it began. */
const LONGEST_STEP_MILLIS = 24 * 3_600_000;

/**
 * Whether the source or its targets may be newer than the plan, in words that follow "because": another run has been
 * committed since, or a sync has followed the source. Every run that changes them takes the plan's lock. The list of runs
 * is read eventually consistent, each run that may be the one strongly.
 */
export async function changedSince(
  { ledger, migration }: Pick<Runtime, 'ledger' | 'migration'>,
  plan: Run,
): Promise<string | undefined> {
  const plannedAt = Date.parse(plan.plannedAt ?? plan.finishedAt ?? plan.startedAt);
  const { sourceTable } = plan;
  const sync = await syncedSince(ledger, sourceTable, plannedAt);
  if (sync !== undefined) return `sync ${sync.runId} followed table ${sourceTable} after it was planned`;
  // Steps that change no item, of the source or of a target.
  const harmless = new Set(['backupProducts', ...migration.targets.map(({ createdBy }) => createdBy)]);
  const mayHaveChanged = (run: Run): boolean =>
    isReadable(run) &&
    run.runId !== plan.runId &&
    lockTableOf(run) === lockTableOf(plan) &&
    !harmless.has(run.step ?? '') &&
    lastBegunAt(run) > plannedAt - LONGEST_STEP_MILLIS;
  for await (const run of newestRuns(ledger)) {
    if (!mayHaveChanged(run)) continue;
    const { runId } = run;
    const { status, finishedAt } = await readRun(ledger, runId);
    if (status === 'SUCCEEDED' && Date.parse(finishedAt ?? '') > plannedAt)
      return `run ${runId} of table ${sourceTable} was committed after it was planned`;
  }
  return undefined;
}

/** Epoch milliseconds. A plan may be old, and still be applied after a newer one was made. */
const lastBegunAt = ({ startedAt, executionStartTime }: Run): number =>
  Math.max(Date.parse(startedAt), Date.parse(executionStartTime));

/** Whether one of the plan's files is not in the bucket as it was written, in words that follow "because". */
export async function missingFile({ ledger, objects }: Runtime, plan: Run): Promise<string | undefined> {
  const { runId, backupId, targetMaking: making = 0 } = plan;
  const [files, transformed, ...listed] = await Promise.all([
    listFiles(ledger, runId),
    listTransformed(ledger, { runId, making }),
    objects.list(backupLayout(backupId).prefix),
    objects.list(RUN_LAYOUT.targets({ runId, making })),
  ]);
  const etags = new Map(listed.flat().map(({ key, etag }) => [key, etag]));
  const parts = transformed.flatMap(({ targets }) => targets.flatMap((target) => target.parts));
  const gone = [...files, ...parts].find(({ key, etag }) => etags.get(key) !== etag);
  if (gone !== undefined) return `its file ${gone.key} is gone or was written again`;
  const { manifestSummary } = backupLayout(backupId);
  return etags.has(manifestSummary) ? undefined : `${manifestSummary} is gone, so it has no sealed backup`;
}
