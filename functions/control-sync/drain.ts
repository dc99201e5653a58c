import { type Command, commandsOf, type Input, type Step, stepText } from '../shared/commands.ts';
import { SyncRefusedError } from '../shared/errors.ts';
import type { Run } from '../shared/ledger/run.ts';
import { findTotal, listPending } from '../shared/ledger/sync-records.ts';
import { fenceMillisOf } from '../shared/runtime.ts';
import type { SyncRuntime } from './sync-runtime.ts';
import type { RunStepInput } from '../shared/state.ts';
import { checkSync, pendingText } from './checks.ts';
import { readOwnSync } from './open-sync.ts';
import type { SyncTurn } from './payloads.ts';

const PATIENCE_MILLIS = 15 * 60_000;
const POLL_SECONDS = 2;

/**
 * Waits until nothing has arrived and nothing is pending for as long as a fence: evidence that the source is frozen and
 * that its last changes are through. Called until it says done.
 *
 * @param since ISO 8601: when the execution began
 * @throws SyncRefusedError (not retried) where a check fails, or changes still arrive after 15 minutes
 */
export async function drain(
  runtime: SyncRuntime,
  { run: step, since }: { readonly run: RunStepInput; readonly since: string },
): Promise<SyncTurn> {
  const run = await readOwnSync(runtime, step);
  const { cutOver } = commandsOf(runtime.config);
  const now = runtime.clock.now();
  const startedAt = Date.parse(since);
  const arrived = await lastArrival(runtime, run);
  const pending = await listPending(runtime.ledger, run.runId);
  const quietAt = Math.max(startedAt, arrived) + fenceMillisOf(runtime.config);
  const isQuiet = pending.length === 0 && now >= quietAt;
  if (isQuiet) {
    await refuseFailedChecks(runtime, run, cutOver({ dryRun: true, ...allowedOf(run) }));
    return { done: true, waitSeconds: 0 };
  }
  if (now < startedAt + PATIENCE_MILLIS) return { done: false, waitSeconds: POLL_SECONDS };
  const waiting = pending.length === 0 ? '' : ` ${pendingText(pending)}`;
  throw new SyncRefusedError(
    `Changes of table ${run.sourceTable} still arrive (the last one at ${new Date(arrived).toISOString()}).${waiting}`,
    stepText(frozenStep(runtime, run)),
  );
}

/** What an operator does after a cut over that did not switch. */
export function frozenStep({ config }: Pick<SyncRuntime, 'config'>, run: Run): Step {
  return [
    'Freeze the source, then cut over again',
    commandsOf(config).cutOver({ frozen: true, ...allowedOf(run) }),
  ];
}

/** What was typed for the cut over that works on the sync. */
function allowedOf({ parameters: { maxQuarantined } }: Run): Input {
  return maxQuarantined === 0 ? {} : { maxQuarantined };
}

async function lastArrival({ ledger }: SyncRuntime, run: Run): Promise<number> {
  return (await findTotal(ledger, run.runId))?.lastAt ?? 0;
}

/** What a cut over finds out for itself: by its drain, and by its own compare. */
const JUDGED_LATER: ReadonlySet<string> = new Set(['pending', 'compared', 'quarantined']);

/**
 * @param list lists all checks
 * @throws SyncRefusedError (not retried) where a check fails that no waiting would mend
 */
export async function refuseFailedChecks(runtime: SyncRuntime, run: Run, list: Command): Promise<void> {
  const checks = await checkSync(runtime, run);
  const failed = checks.filter(({ what, ok }) => !ok && !JUDGED_LATER.has(what));
  if (failed.length === 0) return;
  throw new SyncRefusedError(
    `The cut over of sync ${run.runId} is refused. ${failed.map(({ sentence }) => sentence).join(' ')}`,
    stepText(['List all checks', list]),
  );
}
