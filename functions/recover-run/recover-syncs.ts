import { commandsOf, stepText } from '../shared/commands.ts';
import type { FoundMapping } from '../shared/aws/event-source-mapping.ts';
import { LedgerVersionError } from '../shared/errors.ts';
import { isEndStatus } from '../shared/ledger/transition.ts';
import { findLockOf } from '../shared/ledger/lock.ts';
import { findRun, type Run } from '../shared/ledger/run.ts';
import { findOpenSync } from '../shared/ledger/sync.ts';
import { isDead } from '../shared/runs/holder.ts';
import { backToSyncing, cancelCompare, endWithoutLock, mustCancel } from '../shared/runs/sync-ends.ts';
import { type DeliveryRuntime, ownMappings, watchDelivery } from '../shared/runs/watch-delivery.ts';
import type { Runtime } from '../shared/runtime.ts';
import { startRecovery } from './start-recovery.ts';

/** What the recovery of syncs depends on. */
export type RecoverRuntime = DeliveryRuntime;

/** A sync that nobody has compared for this long is logged, and an alarm rings. */
const COMPARE_WITHIN_MILLIS = 24 * 3_600_000;
/** A mapping is deleted by the execution that has switched; this is longer than that takes. */
const MAPPING_GRACE_MILLIS = 15 * 60_000;

/**
 * Looks after syncs and compares: ends those whose execution died, and watches those that are open. Idempotent.
 *
 * @returns name of the execution that was started to cancel a sync, if one was
 */
export async function recoverSync(runtime: RecoverRuntime, listed: Run): Promise<string | undefined> {
  if (isEndStatus(listed.status)) return undefined;
  const isDue = await isDead(runtime, listed);
  // Read after that answer: the list is older, and its execution may have done its work since.
  const run = await findRun(runtime.ledger, listed.runId);
  if (run === undefined || isEndStatus(run.status)) return undefined;
  const lock = await findLockOf(runtime.ledger, run);
  if (lock?.runId !== run.runId) {
    await endWithoutLock(runtime, run, lock?.runId);
    return undefined;
  }
  const isAlive = !isDue || run.executionArn !== listed.executionArn;
  if (run.kind === 'compare') {
    if (!isAlive) await cancelCompare(runtime, run, DIED);
    return undefined;
  }
  if (!isAlive && mustCancel(run))
    return startRecovery(runtime, run, {
      machine: 'sync',
      input: { action: 'cancel', runId: run.runId, recover: true },
    });
  if (!isAlive && run.status === 'SWITCHING')
    await backToSyncing(runtime, run, { reason: 'The execution of a cut over died.' });
  if (run.isStarted === true) {
    sayIfNotCompared(runtime, run);
    await watchDelivery(runtime, run);
  }
  return undefined;
}

const DIED = {
  error: 'ExecutionEnded',
  cause: 'The execution was stopped, timed out or failed without a chance to clean up.',
};

/** The alarm on syncs without a compare counts the message of this line: workflow/resources/alarms.yml. */
function sayIfNotCompared({ clock, logger, config }: Runtime, { runId, compared, startedAt }: Run): void {
  const since = compared?.finishedAt ?? Date.parse(startedAt);
  if (clock.now() - since <= COMPARE_WITHIN_MILLIS) return;
  logger.error('SyncWithoutCompare', {
    runId,
    since: new Date(since).toISOString(),
    remedy: stepText(['Compare', commandsOf(config).compare()]),
  });
}

/**
 * Deletes mappings of syncProducts that no sync without an end has. Deletes none where another version of this service
 * began the open sync: only that version can tell which one it has.
 *
 * @param runs the newest runs
 */
export async function deleteOrphanedMappings(runtime: RecoverRuntime, runs: readonly Run[]): Promise<void> {
  const mappings = await ownMappings(runtime);
  // Read after the mappings: a sync is in the ledger before its mapping is made.
  const open = await findOpenSync(runtime.ledger, runtime.config.sourceTable).catch(unlessOfOtherVersion);
  if (open === 'OF ANOTHER VERSION') return;
  const syncs = [...runs.filter(({ kind }) => kind === 'sync'), ...(open === undefined ? [] : [open])];
  const isWanted = ({ mappingId }: FoundMapping): boolean =>
    syncs.some((run) => isWantedBy(runtime, run, mappingId));
  for (const mapping of mappings) {
    if (isWanted(mapping) || mapping.state === 'Deleting') continue;
    runtime.logger.warn('An event source mapping without an open sync is deleted', {
      mappingId: mapping.mappingId,
    });
    await runtime.mappings.delete(mapping.mappingId);
  }
}

/** Stands for a sync that this version would misread. @throws every other error */
export function unlessOfOtherVersion(error: unknown): 'OF ANOTHER VERSION' {
  if (error instanceof LedgerVersionError) return 'OF ANOTHER VERSION';
  throw error;
}

/** A start may have made another mapping than the one that it has noted. */
function isWantedBy({ clock }: Runtime, run: Run, mappingId: string): boolean {
  const { status, stream, isStarted, finishedAt } = run;
  const isOwn = stream?.mappingId === undefined || stream.mappingId === mappingId;
  if (!isEndStatus(status)) return isOwn || isStarted !== true;
  return isOwn && clock.now() - Date.parse(finishedAt ?? '') < MAPPING_GRACE_MILLIS;
}
