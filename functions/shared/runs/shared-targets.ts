import { commandsOf, type StagePlace, type Step, stepText } from '../commands.ts';
import { LockHeldError } from '../errors.ts';
import { findLockOf, lockTableOf } from '../ledger/lock.ts';
import { findAnyRuns, findRun, type Run } from '../ledger/run.ts';
import { listAnnouncers } from '../ledger/table-record.ts';
import { isEndStatus } from '../ledger/transition.ts';
import type { Runtime } from '../runtime.ts';

/** A run, and the tables that it is about to work in. */
export interface TargetUse {
  readonly run: Pick<Run, 'runId' | 'sourceTable' | 'lockTable'>;
  readonly names: readonly string[];
}

/**
 * Refuses to work in a table in which a run or a sync with another lock works that has no end yet. A lock is one of a
 * source, and runs of two sources may have the same targets: a stage that was deployed with another `sourceTable` and
 * the same `tablePrefix`. A run that has lost its lock is in nobody's way, because its workers stop.
 *
 * Both runs are sure to see each other only if each calls this after it has announced the table.
 *
 * @throws LockHeldError naming that run and what ends it, LedgerVersionError; neither is retried
 */
export async function refuseSharedTargets(
  { ledger, config }: Pick<Runtime, 'ledger'> & { readonly config: StagePlace },
  { run: own, names }: TargetUse,
): Promise<void> {
  const tableOf = new Map<string, string>();
  for (const name of names)
    for (const runId of await listAnnouncers(ledger, name)) if (runId !== own.runId) tableOf.set(runId, name);
  const known = await findAnyRuns(ledger, [...tableOf.keys()]);
  for (const { runId, status } of known.values()) {
    const run = isEndStatus(status) ? undefined : await findRun(ledger, runId);
    if (run === undefined || lockTableOf(run) === lockTableOf(own)) continue;
    if ((await findLockOf(ledger, run))?.runId === runId)
      throw sharedError(config, tableOf.get(runId) ?? '', run);
  }
}

function sharedError(place: StagePlace, name: string, run: Run): LockHeldError {
  const { runId, sourceTable, status, kind } = run;
  return new LockHeldError(
    `${kind === 'sync' ? 'Sync' : 'Run'} ${runId} of table ${sourceTable} is ${status} and works in table ${name} as well. Two runs in one table would overwrite or delete each other's items, so nothing was written there.`,
    stepText(wayToEnd(place, run)),
  );
}

/** It may no longer be possible to resume a run of another source: the deployment has changed. */
function wayToEnd(place: StagePlace, { runId, status, kind }: Run): Step {
  const { follow, rollBack, cancelSync } = commandsOf(place);
  if (kind === 'sync') return ['Cancel that sync', cancelSync(runId)];
  return status === 'HELD' ? ['Roll that run back', rollBack(runId)] : ['Wait until it ends', follow(runId)];
}
