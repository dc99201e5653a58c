import { type Command, commandsOf, type Step, stepText } from '../shared/commands.ts';
import { SyncRefusedError } from '../shared/errors.ts';
import { duration } from '../shared/format.ts';
import type { Run } from '../shared/ledger/run.ts';
import { findTotal, listPending } from '../shared/ledger/sync-records.ts';
import { fenceMillisOf } from '../shared/runtime.ts';
import type { SyncCheck } from '../shared/runs/sync-report.ts';
import type { SyncRuntime } from './sync-runtime.ts';
import type { RunStepInput } from '../shared/state.ts';
import { checkSync } from './checks.ts';
import { readOwnSync } from './open-sync.ts';
import type { SyncTurn } from './payloads.ts';
import { againStep, allowedOf, frozenStep } from './again-steps.ts';
import { pendingSteps, pendingText } from './pending-text.ts';

/** How long a cut over waits at most. */
export const PATIENCE_MILLIS = 15 * 60_000;
export const POLL_SECONDS = 2;

/**
 * Waits until nothing has arrived and nothing is pending for as long as a fence: evidence that the source is frozen and
 * that its last changes are through. Called until it says done.
 *
 * @param since ISO 8601: when the execution began
 * @throws SyncRefusedError (not retried) where a check fails, or changes still arrive or keys still wait after 15 minutes
 */
export async function drain(
  runtime: SyncRuntime,
  { run: step, since }: { readonly run: RunStepInput; readonly since: string },
): Promise<SyncTurn> {
  const run = await readOwnSync(runtime, step);
  const { cutOver } = commandsOf(runtime.config);
  const now = runtime.clock.now();
  const startedAt = Date.parse(since);
  const total = await findTotal(runtime.ledger, run.runId);
  const pending = await listPending(runtime.ledger, run.runId);
  const isArriving = now < (total?.lastAt ?? 0) + fenceMillisOf(runtime.config);
  const isQuiet = pending.length === 0 && !isArriving && now >= startedAt + fenceMillisOf(runtime.config);
  if (isQuiet) {
    await refuseFailedChecks(runtime, run, cutOver({ dryRun: true, ...allowedOf(run) }));
    return { done: true, waitSeconds: 0 };
  }
  if (now < startedAt + PATIENCE_MILLIS) return { done: false, waitSeconds: POLL_SECONDS };
  const { reason, steps } = isArriving
    ? arrivalOf(runtime, run, { startedAt, newestAt: total?.newestChangeAt ?? total?.lastAt ?? 0 })
    : { reason: 'Nothing arrives any more.', steps: pendingSteps(runtime, run, pending) };
  const waiting = pending.length === 0 ? '' : ` ${pendingText(pending)}`;
  throw new SyncRefusedError(`${reason}${waiting}`, stepText(...steps));
}

/** What keeps a cut over from switching, and what helps. */
interface Unrest {
  readonly reason: string;
  readonly steps: readonly Step[];
}

/** A writer that is not frozen, or a sync that has not caught up with a source that is. */
function arrivalOf(
  runtime: SyncRuntime,
  run: Run,
  { startedAt, newestAt }: { readonly startedAt: number; readonly newestAt: number },
): Unrest {
  const { clock, config } = runtime;
  const { sourceTable } = run;
  const at = new Date(newestAt).toISOString();
  if (newestAt > startedAt)
    return {
      reason: `Changes of table ${sourceTable} still arrive. The newest one was made at ${at}, after the cut over had begun. A writer is not frozen.`,
      steps: [frozenStep(runtime, run)],
    };
  const age = duration((clock.now() - newestAt) / 1_000);
  return {
    reason: `The sync has not caught up with table ${sourceTable} yet: it still follows changes from before the cut over. The newest one so far was made at ${at}, ${age} ago. Until it has caught up, the source need not stay frozen.`,
    steps: [
      ['Watch the sync until it has caught up', commandsOf(config).showSync()],
      againStep(runtime, run, 'Then cut over again'),
    ],
  };
}

/** What a cut over finds out for itself: by its drain, and by its own compare. */
const JUDGED_LATER: ReadonlySet<string> = new Set(['pending', 'compared', 'lag']);

/**
 * @param list lists all checks
 * @throws SyncRefusedError (not retried) where a check fails that no waiting would mend
 */
export async function refuseFailedChecks(runtime: SyncRuntime, run: Run, list: Command): Promise<void> {
  const checks = await checkSync(runtime, run);
  const mayShrink = await mayQuarantineShrink(runtime, run);
  const isLater = (what: string): boolean => JUDGED_LATER.has(what) || (what === 'quarantined' && mayShrink);
  const failed = checks.filter(({ what, ok }) => !ok && !isLater(what));
  if (failed.length === 0) return;
  throw new SyncRefusedError(
    `The cut over of sync ${run.runId} is refused. ${failed.map(({ sentence }) => sentence).join(' ')}`,
    stepText(...remedyOf(runtime, failed), ['List all checks', list]),
  );
}

/** Checks that fail for good: the sync must be ended, whatever is done then. */
const ENDS: ReadonlySet<string> = new Set(['mapping', 'stream', 'targets']);

function remedyOf({ config }: SyncRuntime, failed: readonly SyncCheck[]): readonly Step[] {
  return failed.some(({ what }) => ENDS.has(what))
    ? [['To cancel the sync', commandsOf(config).cancelSync()]]
    : [];
}

/**
 * Whether the compare of a cut over may find fewer source items that cannot be transformed than are named now: the last
 * one has not counted too many, or may not count. Only a compare forgets items that were corrected, so every change that
 * was followed since it began may have been a correction.
 */
async function mayQuarantineShrink(
  { ledger }: SyncRuntime,
  { runId, compared, parameters }: Run,
): Promise<boolean> {
  if (compared === undefined || compared.quarantined <= parameters.maxQuarantined) return true;
  const [total, pending] = await Promise.all([findTotal(ledger, runId), listPending(ledger, runId)]);
  return pending.length > 0 || (total?.lastAt ?? 0) >= compared.startedAt;
}
