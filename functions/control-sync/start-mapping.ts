import { isNamed, SyncRefusedError, TransientError } from '../shared/errors.ts';
import type { FoundMapping } from '../shared/aws/event-source-mapping.ts';
import { findRun, type Run } from '../shared/ledger/run.ts';
import { warnRun } from '../shared/ledger/run-update.ts';
import { functionName, queueArn, syncFailuresQueueName } from '../shared/names.ts';
import type { SyncRuntime } from './sync-runtime.ts';
import { usedTables } from './new-sync.ts';
import { refuseSharedTargets } from '../shared/runs/shared-targets.ts';
import { countFailedBatches } from '../shared/runs/failed-batches.ts';
import type { RunStepInput } from '../shared/state.ts';
import { changeOwn, readOwnSync } from './open-sync.ts';
import type { SyncTurn } from './payloads.ts';

/** Lambda takes up to some minutes to enable a mapping. */
const PATIENCE_MILLIS = 10 * 60_000;
const POLL_SECONDS = 5;

/**
 * Makes the mapping that calls syncProducts, and says whether Lambda has enabled it. Called until it has. Idempotent.
 *
 * @throws SyncRefusedError where it is not enabled within 10 minutes or cannot be made, LockHeldError where a run of
 *   another source works in the tables (neither is retried); TransientError
 */
export async function startMapping(runtime: SyncRuntime, input: RunStepInput): Promise<SyncTurn> {
  const run = await readOwnSync(runtime, input);
  // Again: the sync has announced its tables, so a run that begins from now on sees it.
  if (run.stream?.mappingId === undefined) await refuseSharedTargets(runtime, usedTables(run));
  await tellFollowedRun(runtime, run);
  const { mappingId, state } = await makeMapping(runtime, run);
  const askedAt = await noteMapping(runtime, run, mappingId);
  if (state === 'Enabled') return { done: true, waitSeconds: 0 };
  if (runtime.clock.now() < askedAt + PATIENCE_MILLIS) return { done: false, waitSeconds: POLL_SECONDS };
  throw new SyncRefusedError(
    `The event source mapping ${mappingId} is still ${state} after ${PATIENCE_MILLIS / 60_000} minutes, so changes of table ${run.sourceTable} are not delivered. Look at the mapping in the Lambda console.`,
  );
}

/** The counts of the followed run's report know nothing of what a sync writes. Said before anything is written. */
async function tellFollowedRun({ ledger }: SyncRuntime, { runId, startedAt, follows }: Run): Promise<void> {
  const followed = follows === undefined ? undefined : await findRun(ledger, follows.runId);
  if (followed === undefined) return;
  await warnRun(ledger, followed, [
    `Sync ${runId} has kept the tables in step with ${followed.sourceTable} from ${startedAt} on. Items that it has added, changed or removed are not in this report's counts.`,
  ]);
}

/** @returns since when it is waited for (epoch milliseconds) */
async function noteMapping(runtime: SyncRuntime, run: Run, mappingId: string): Promise<number> {
  const { stream } = run;
  const now = runtime.clock.now();
  if (stream === undefined || stream.mappingId === mappingId) return stream?.askedAt ?? now;
  // What Lambda gave up for earlier syncs is no gap of this one: its own first compare comes later.
  const failedBatches = await countFailedBatches(runtime);
  const facts = { stream: { ...stream, mappingId, askedAt: now }, failedBatches };
  await changeOwn(runtime, run, { to: run.status, step: `mapping:${mappingId}`, facts });
  return now;
}

async function makeMapping(runtime: SyncRuntime, run: Run): Promise<FoundMapping> {
  const { config, accountId, mappings } = runtime;
  const place = { region: config.region, accountId };
  try {
    const ends = { streamArn: run.stream?.arn ?? '', functionName: functionName(config, 'syncProducts') };
    return await mappings.ensure(ends, queueArn(place, syncFailuresQueueName(config)));
  } catch (error) {
    // Also the answer while a role that was just deployed is not known everywhere yet.
    if (isNamed(error, 'InvalidParameterValueException')) throw new TransientError(error.message);
    throw error;
  }
}
