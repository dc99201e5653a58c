import { createHash } from 'node:crypto';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { isNamed } from '../shared/errors.ts';
import { executionStatus, isDead } from '../shared/runs/holder.ts';
import { finishOpening } from '../shared/runs/finish-opening.ts';
import { finishProtection } from '../shared/runs/finish-protection.ts';
import { absentOr, EXISTING } from '../shared/ledger/actions.ts';
import { runKey } from '../shared/ledger/ledger-table.ts';
import { findLockOf } from '../shared/ledger/lock.ts';
import { isReadable, listRuns, type Run } from '../shared/ledger/run.ts';
import { updateIf } from '../shared/ledger/store.ts';
import { executionArn, machineArn } from '../shared/names.ts';
import type { Runtime } from '../shared/runtime.ts';
import { cut } from '../shared/text.ts';

/** What was done about the runs that were found dead. */
export interface Recovered {
  readonly examined: number;
  /** Names of the roll backs that were started. */
  readonly started: readonly string[];
}

/** Earlier calls have looked at older runs. */
const RECENT_RUNS = 200;

/**
 * Finds runs whose execution died and starts their roll back, which holds them if their `onFailure` says so. Also
 * finishes the opening and the protection of committed runs. Called for an execution's end, which is only a hint, and by
 * the schedule. Idempotent: called twice or late it starts nothing twice.
 */
export async function recoverRuns(runtime: Runtime): Promise<Recovered> {
  const recent = await listRuns(runtime.ledger, RECENT_RUNS);
  const runs = recent.filter(isReadable);
  leaveToOtherVersion(
    runtime,
    recent.filter((run) => !isReadable(run)),
  );
  const started: string[] = [];
  const failures: unknown[] = [];
  const withEach = async (work: (run: Run) => Promise<unknown>): Promise<void> => {
    for (const run of runs) await work(run).catch((error: unknown) => void failures.push(error));
  };
  await withEach(async (run) => {
    if (await isAbandoned(runtime, run)) started.push(...[(await startRollBack(runtime, run)) ?? []].flat());
  });
  // The shop cannot write before that, so this is tried at once and without limit.
  await withEach(async (run) => {
    if (run.status === 'SUCCEEDED') await finishOpening(runtime, run);
  });
  // Last, because a young table may keep this waiting.
  await withEach(async (run) => {
    if (needsProtection(runtime, run)) await finishProtection(runtime, run);
  });
  // Thrown after every run had its turn, so that the failure is seen. The next call tries again.
  if (failures.length > 0) throw failures[0];
  return { examined: recent.length, started };
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

/** The rollback machine is the only way to roll back. It is visible in the console and idempotent by its name. */
async function startRollBack(runtime: Runtime, run: Run): Promise<string | undefined> {
  const { sfn } = runtime.clients;
  const deployment = { ...runtime.config, accountId: runtime.accountId };
  const stateMachineArn = machineArn(deployment, 'rollback');
  const previous = run.recoverAttempts ?? 0;
  const last = executionArn(deployment, 'rollback', recoveryName(run.runId, previous));
  if (previous > 0 && (await executionStatus(sfn, last)) === 'RUNNING') return undefined;
  const name = recoveryName(run.runId, await nextAttempt(runtime, run, previous));
  const input = JSON.stringify({ runId: run.runId, recover: true });
  try {
    await sfn.send(new StartExecutionCommand({ stateMachineArn, name, input }));
  } catch (error) {
    if (!isNamed(error, 'ExecutionAlreadyExists')) throw error;
  }
  runtime.logger.warn('A run without an end is recovered', { runId: run.runId, execution: name });
  return name;
}

/** Step Functions takes names of 80 characters. A long run id is shortened and told apart by its hash. */
export function recoveryName(runId: string, attempt: number): string {
  const name = `recover-${runId}-${attempt}`;
  if (name.length <= 80) return name;
  const digest = createHash('sha256').update(runId).digest('hex').slice(0, 8);
  return `recover-${cut(runId, 50)}-${digest}-${attempt}`;
}

/** The number of this attempt. Two calls at once get the same number and therefore start only one roll back. */
async function nextAttempt(runtime: Runtime, run: Run, previous: number): Promise<number> {
  const attempt = previous + 1;
  await updateIf(runtime.ledger, runKey(run.runId), {
    if: { ...EXISTING, recoverAttempts: absentOr(previous) },
    set: { recoverAttempts: attempt },
  });
  return attempt;
}

/** Whether CompleteRun died between its commit and the protection of the tables, or could not switch on all of it. */
function needsProtection(runtime: Runtime, run: Run): boolean {
  const finishedAt = Date.parse(run.finishedAt ?? '');
  const graceMillis = 900_000;
  return (
    run.status === 'SUCCEEDED' &&
    run.protection === 'PENDING' &&
    runtime.clock.now() - finishedAt > graceMillis
  );
}
