import { errorSummary } from '../shared/errors.ts';
import { readRun, type Run } from '../shared/ledger/run.ts';
import { warnRun } from '../shared/ledger/run-update.ts';
import { shorten } from '../shared/text.ts';
import { functionName } from '../shared/names.ts';
import type { SyncRuntime } from './sync-runtime.ts';
import type { RunStepInput } from '../shared/state.ts';
import { readOwnSync } from './open-sync.ts';
import type { SyncTurn } from './payloads.ts';

const POLL_SECONDS = 5;
/** Correctness does not rest on the mapping: what it still delivers finds the sync closed. `recoverRun` tries again. */
const PATIENCE_MILLIS = 10 * 60_000;

/**
 * Deletes the mapping of a sync that has switched, whichever execution has switched it. Called until it is gone.
 * Idempotent.
 */
export async function deleteOwnMapping(runtime: SyncRuntime, input: RunStepInput): Promise<SyncTurn> {
  const switched = await readRun(runtime.ledger, input.runId);
  const run = switched.status === 'SWITCHED' ? switched : await readOwnSync(runtime, input);
  const isDone = await isMappingGone(runtime, run, Date.parse(run.finishedAt ?? run.executionStartTime));
  return { done: isDone, waitSeconds: isDone ? 0 : POLL_SECONDS };
}

/**
 * Asks for the deletion of a sync's mapping.
 *
 * @param since epoch milliseconds of the first request; ten minutes later nobody waits for it any more
 * @returns whether it is gone, or is left to `recoverRun`
 */
export async function isMappingGone(runtime: SyncRuntime, run: Run, since: number): Promise<boolean> {
  const { clock, ledger } = runtime;
  const obstacle = await askForDeletion(runtime, run);
  if (obstacle === undefined) return true;
  if (clock.now() < since + PATIENCE_MILLIS) return false;
  const warning = `The event source mapping ${run.stream?.mappingId ?? ''} could not be deleted yet (${obstacle}). What it delivers changes nothing. recoverRun tries again every 15 minutes.`;
  await warnRun(ledger, run, [warning]);
  return true;
}

/** @returns why the mapping is still there, for a person; `undefined`: it is gone */
async function askForDeletion(runtime: SyncRuntime, run: Run): Promise<string | undefined> {
  try {
    const mappingId = run.stream?.mappingId ?? (await unnotedMapping(runtime, run));
    const isGone = mappingId === undefined || (await runtime.mappings.delete(mappingId));
    return isGone ? undefined : 'Lambda is still at work on it';
  } catch (error) {
    // Whatever Lambda refuses, the lock must not stay for it.
    runtime.logger.error('The event source mapping of a sync could not be deleted', {
      runId: run.runId,
      error,
    });
    return shorten(errorSummary(error).message, MAX_REASON_BYTES);
  }
}

const MAX_REASON_BYTES = 300;

/** One that was made by a call that died before it could note it. */
async function unnotedMapping(
  { config, mappings }: SyncRuntime,
  { stream }: Run,
): Promise<string | undefined> {
  if (stream === undefined) return undefined;
  const ends = { streamArn: stream.arn, functionName: functionName(config, 'syncProducts') };
  return (await mappings.find(ends))?.mappingId;
}
