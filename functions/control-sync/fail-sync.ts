import { commandsOf, type Step, stepText } from '../shared/commands.ts';
import { joinMessage, splitMessage } from '../shared/message.ts';
import { executionInput, syncAgain, syncInputOf } from '../shared/runs/start-again.ts';
import { findExecution } from '../shared/ledger/execution-record.ts';
import { findFirstFailure } from '../shared/ledger/failure.ts';
import { readRun, type Run } from '../shared/ledger/run.ts';
import { readableFailure, type ReadableFailure } from '../shared/runs/caught-failure.ts';
import { backToSyncing, cancelCompare, mustCancel } from '../shared/runs/sync-ends.ts';
import { publishSyncReport } from '../shared/runs/publish-sync.ts';
import { buildSyncReport } from '../shared/runs/sync-report.ts';
import type { SyncRuntime } from './sync-runtime.ts';
import { cancelOpen } from './cancel-sync.ts';
import type { ControlSyncPayload, FailedSync } from './payloads.ts';

type FailPayload = Extract<ControlSyncPayload, { action: 'fail' }>;

/**
 * What an execution does when one of its steps has failed. A start that did not come to its end is cancelled, a cut over
 * goes back to following, a compare without a sync ends. Nothing is rolled back: what was written is what the source
 * says. Idempotent, called until it says done.
 */
export async function failSync(
  runtime: SyncRuntime,
  { execution, failure }: FailPayload,
): Promise<FailedSync> {
  const caught = readableFailure(failure);
  const record = await findExecution(runtime.ledger, execution);
  const isOurs = record?.startTime === execution.startTime;
  const run = isOurs ? await readRun(runtime.ledger, record.runId) : undefined;
  if (run === undefined) {
    const typed = await executionInput(runtime, execution.id);
    return ended('REFUSED', caught, { step: syncAgain(runtime.config, typed, caught) });
  }
  if (run.executionArn !== execution.id)
    return ended('REFUSED', takenFrom(run), {
      step: ['Look at the sync', commandsOf(runtime.config).showSync()],
    });
  const recorded = await findFirstFailure(runtime.ledger, run);
  const cause: ReadableFailure =
    recorded === undefined ? caught : { error: recorded.error, cause: recorded.cause };
  return run.kind === 'compare' ? endCompare(runtime, run, cause) : endSync(runtime, run, cause);
}

/** A worker that noticed could not even record its failure, so the caught one may say nothing. */
function takenFrom({ runId, status, executionArn }: Run): ReadableFailure {
  const cause = `Run ${runId} is ${status} and is worked on by ${executionArn}, which has taken it from this execution, for instance to cancel it. This execution changes nothing more.`;
  return { error: 'RunClosedError', cause };
}

/** What became of the sync, and what to do where the error names no step of its own. */
interface Ended {
  readonly what?: string;
  readonly step: Step;
}

function ended(
  end: FailedSync['end'],
  { error, cause }: ReadableFailure,
  { what = '', step }: Ended,
): FailedSync {
  const { said, nextStep = stepText(step) } = splitMessage(cause);
  return { done: true, waitSeconds: 0, end, error, cause: joinMessage({ said: `${said}${what}`, nextStep }) };
}

/** Its workers only read. */
async function endCompare(runtime: SyncRuntime, run: Run, cause: ReadableFailure): Promise<FailedSync> {
  if (run.status === 'RUNNING') await cancelCompare(runtime, run, cause);
  return ended('FAILED', cause, {
    what: ' The compare has changed nothing.',
    step: [
      'Fix the reported cause, then compare again',
      commandsOf(runtime.config).compare(syncInputOf(run)),
    ],
  });
}

async function endSync(runtime: SyncRuntime, run: Run, cause: ReadableFailure): Promise<FailedSync> {
  const { showSync, startSync } = commandsOf(runtime.config);
  const look: Step = ['Look at the sync', showSync()];
  if (run.status === 'SWITCHED') {
    await publishSyncReport(runtime, run.runId, () => buildSyncReport(runtime, run));
    return ended('SWITCHED', cause, { step: look });
  }
  const isCancelled = run.status === 'CANCELLED';
  if (!isCancelled && mustCancel(run)) {
    const turn = await cancelOpen(runtime, run);
    if (!turn.done) return { ...ended('FAILED', cause, { step: look }), ...turn };
  }
  if (isCancelled || mustCancel(run))
    return ended('FAILED', cause, {
      what: ' The sync was cancelled, and the lock is free.',
      step: ['Fix the reported cause, then start it again', startSync(syncInputOf(run))],
    });
  await backToSyncing(runtime, run, { reason: `A cut over failed (${cause.error}).` });
  return ended('FAILED', cause, { what: ' The shop has not switched, and the sync goes on.', step: look });
}
