import { executionStatus, isDead } from '../shared/runs/holder.ts';
import { listBegunAgain, noteBegunAgain } from '../shared/ledger/begun-again.ts';
import { findLockOf } from '../shared/ledger/lock.ts';
import { findRun, isReadable, listRuns, type Run } from '../shared/ledger/run.ts';
import { findOpenSync } from '../shared/ledger/sync.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import { finishCommitted } from './finish-committed.ts';
import {
  deleteOrphanedMappings,
  type RecoverRuntime,
  recoverSync,
  unlessOfOtherVersion,
} from './recover-syncs.ts';
import { startRecovery } from './start-recovery.ts';

/** What was done about the runs that were found dead. */
export interface Recovered {
  readonly examined: number;
  /** Names of the executions that were started to end a run. */
  readonly started: readonly string[];
}

/** Earlier calls have looked at older runs. */
const RECENT_RUNS = 200;
/** As for runs, of those that were resumed, applied or rolled back some time after their start. */
const RECENT_AGAIN = 200;

/**
 * Finds runs whose execution died and starts their roll back, which holds them if their `onFailure` says so. Ends syncs
 * and compares in the same way, and watches the open sync. Also finishes the opening and the protection of committed runs,
 * and has reports written that are missing. Called for an execution's end, which is only a hint, and by the schedule.
 * Idempotent: called twice or late it starts nothing twice.
 */
export async function recoverRuns(
  runtime: RecoverRuntime,
  turn: Pick<Turn, 'remainingMillis'>,
): Promise<Recovered> {
  const recent = await recentRuns(runtime);
  const runs = recent.filter(isReadable);
  leaveToOtherVersion(
    runtime,
    recent.filter((run) => !isReadable(run)),
  );
  const started: string[] = [];
  const failures: unknown[] = [];
  const noteFailure = (error: unknown): void => void failures.push(error);
  for (const run of runs) {
    const execution = await recover(runtime, run).catch(noteFailure);
    if (execution !== undefined) started.push(execution);
  }
  // Side by side: a run whose tables cannot be opened or protected takes minutes, and the others may not wait for it.
  await Promise.all([
    deleteOrphanedMappings(runtime, runs).catch(noteFailure),
    ...runs.map((run) => finishCommitted(runtime, turn, run).catch(noteFailure)),
    ...runs.filter(isClosed).map(({ runId }) => noteBegunAgain(runtime.ledger, runId).catch(noteFailure)),
  ]);
  // Thrown after every run had its turn, so that the failure is seen. The next call tries again.
  if (failures.length > 0) throw failures[0];
  return { examined: recent.length, started };
}

/** Each call tries again to open its tables, however many runs have begun since. */
const isClosed = ({ status, opening }: Run): boolean => status === 'SUCCEEDED' && opening === 'PENDING';

/**
 * The newest runs, and others that may be older than they are: those that were begun again, the open sync, and the runs
 * that finished syncs have followed, whose tables are opened after the switch.
 */
async function recentRuns({ ledger, config }: Runtime): Promise<readonly Run[]> {
  const [recent, again, open] = await Promise.all([
    listRuns(ledger, RECENT_RUNS),
    listBegunAgain(ledger, RECENT_AGAIN),
    findOpenSync(ledger, config.sourceTable).catch(unlessOfOtherVersion),
  ]);
  const isListed = (id: string): boolean => recent.some(({ runId }) => runId === id);
  const followed = recent.flatMap(({ status, follows }) =>
    status !== 'SWITCHED' || follows === undefined || isListed(follows.runId) ? [] : follows.runId,
  );
  const older = await Promise.all(
    [...new Set([...followed, ...again.filter((runId) => !isListed(runId))])].map((runId) =>
      findRun(ledger, runId).catch(unlessOfOtherVersion),
    ),
  );
  // A run of another version is named where it is among the newest runs.
  const found = [open, ...older].filter((run) => run !== undefined && run !== 'OF ANOTHER VERSION');
  return [...recent, ...found.filter(({ runId }) => !isListed(runId))];
}

/** @returns name of the execution that was started for the run, if one was */
async function recover(runtime: RecoverRuntime, run: Run): Promise<string | undefined> {
  if (run.kind === 'sync' || run.kind === 'compare') return recoverSync(runtime, run);
  if (!(await isAbandoned(runtime, run)) && !(await lacksReport(runtime, run))) return undefined;
  return startRecovery(runtime, run, { machine: 'rollback', input: { runId: run.runId, recover: true } });
}

/** This version would misread their ledger items. The next run that meets their lock says what to do. */
function leaveToOtherVersion({ logger }: Runtime, runs: readonly Run[]): void {
  for (const { runId, status, ledgerVersion } of runs)
    if (status === 'RUNNING' || status === 'ROLLING_BACK')
      logger.error('A run of another version of this service is not recovered here', {
        runId,
        status,
        ledgerVersion,
      });
}

async function isAbandoned(runtime: Runtime, run: Run): Promise<boolean> {
  if (run.status === 'RUNNING') {
    const lock = await findLockOf(runtime.ledger, run);
    return isDead(runtime, lock?.runId === run.runId ? lock : { executionArn: run.executionArn });
  }
  if (run.status !== 'ROLLING_BACK') return false;
  const recoveryOwner = run.recoveryOwner ?? run.executionArn;
  return (await executionStatus(runtime.clients.sfn, recoveryOwner)) !== 'RUNNING';
}

/** A report that cannot be written is tried again for a day. */
const REPORT_PATIENCE_MILLIS = 24 * 3_600_000;

/** Whether every execution that has ended the run is over, and none of them has written its report. */
async function lacksReport({ clients, clock }: Runtime, run: Run): Promise<boolean> {
  const { reporting, finishedAt = '', executionArn, recoveryOwner = executionArn } = run;
  if (reporting !== 'PENDING' || clock.now() - Date.parse(finishedAt) > REPORT_PATIENCE_MILLIS) return false;
  const statuses = await Promise.all(
    [executionArn, recoveryOwner].map((execution) => executionStatus(clients.sfn, execution)),
  );
  return !statuses.includes('RUNNING');
}
