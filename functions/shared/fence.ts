import { RunClosedError } from './errors.ts';
import type { LedgerTable } from './ledger/ledger-table.ts';
import { type Run, readRun } from './ledger/run.ts';
import type { Clock } from './retry.ts';

/** A read older than this must be renewed before a request begins. A roll back waits longer than this and a request together. */
export const fenceMillis = 5_000;
/** Renewed at this age already, so that a slow read does not stop the writers. */
const renewMillis = 2_500;

/** Keeps a worker from changing anything for a run that is closed. */
export interface Fence {
  /** The run as it was read at entry. */
  readonly run: Run;
  /**
   * To be awaited before every request that changes something: returns at once while the last look at the
   * run is younger than 5 s.
   *
   * @throws RunClosedError when the run is no longer RUNNING for this execution; not retried.
   */
  check(): Promise<void>;
}

export interface FenceScope {
  readonly ledger: LedgerTable;
  readonly clock: Clock;
  readonly runId: string;
  readonly executionArn: string;
}

function assertOpen(run: Run, executionArn: string): void {
  if (run.status !== 'RUNNING')
    throw new RunClosedError(
      `Run ${run.runId} is ${run.status}: this worker was late and changed nothing more. To migrate again, start a new execution.`,
    );
  if (run.executionArn !== executionArn)
    throw new RunClosedError(
      `Run ${run.runId} is worked on by ${run.executionArn} now: this worker belongs to ${executionArn} and changed nothing more.`,
    );
}

/**
 * Reads the run, strongly consistent, and stands guard over it.
 *
 * @throws RunNotFoundError, RunClosedError; not retried.
 */
export async function raiseFence(scope: FenceScope): Promise<Fence> {
  const { ledger, clock, runId, executionArn } = scope;
  let readAt = clock.now();
  let pending: Promise<void> | undefined;
  const run = await readRun(ledger, runId);
  assertOpen(run, executionArn);

  const renew = async (): Promise<void> => {
    const startedAt = clock.now();
    try {
      assertOpen(await readRun(ledger, runId), executionArn);
      readAt = startedAt;
    } finally {
      pending = undefined;
    }
  };
  const startRenewal = (): Promise<void> => {
    pending ??= renew();
    return pending;
  };

  const check = async (): Promise<void> => {
    const age = clock.now() - readAt;
    if (age < renewMillis) return;
    const renewal = startRenewal();
    if (age >= fenceMillis) return renewal;
    renewal.catch(() => undefined);
  };
  return { run, check };
}
