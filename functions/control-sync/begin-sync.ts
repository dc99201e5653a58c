import { type Command, commandsOf, type Input, stepText } from '../shared/commands.ts';
import { LockHeldError, SyncRefusedError } from '../shared/errors.ts';
import { type Holder, type NewRun } from '../shared/ledger/begin.ts';
import { findRun, type Run } from '../shared/ledger/run.ts';
import { isDead } from '../shared/runs/holder.ts';
import { beginOrRecover } from '../shared/runs/lock-conflict.ts';
import { typedSync } from '../shared/runs/start-again.ts';
import { mustCancel } from '../shared/runs/sync-ends.ts';
import { refuseGlobalTables } from '../shared/tables/global-table.ts';
import { refuseSharedTargets } from '../shared/runs/shared-targets.ts';
import { requireSwitchConfirmed } from '../shared/runs/switched.ts';
import { watchDelivery } from '../shared/runs/watch-delivery.ts';
import { holderOf } from '../shared/runs/new-run.ts';
import type { SyncRuntime } from './sync-runtime.ts';
import type { Execution } from '../shared/state.ts';
import { assertCompareFits } from './compare-fits.ts';
import { allowing } from './again-steps.ts';
import { refuseOtherStart } from './dead-start.ts';
import { refuseFailedChecks } from './drain.ts';
import { requireSourceConfirmed, sourceOfOpen } from './followed-source.ts';
import { otherSource } from '../shared/runs/known-source.ts';
import { findFollowedRun, type FollowedRun } from './followed-run.ts';
import { refuseOtherCaps } from './kept-caps.ts';
import { runOf, usedTables } from './new-sync.ts';
import { refuseBusy, taken } from './open-sync.ts';
import type { BegunSync } from './payloads.ts';
import { describeSource, findSourceStream } from './source-stream.ts';
import { withPresentTimeToLive } from './source-time-to-live.ts';
import { parseSyncInput, type SyncInput } from './sync-input.ts';
import { openSync, withoutOpenSync } from './which-sync.ts';

/**
 * Decides what the execution does: begins a sync, or takes an open one to compare, to cut over or to cancel it. Idempotent
 * for the same execution.
 *
 * @throws InvalidInputError, SyncRefusedError, GlobalTableError, LockHeldError, RunNotFoundError,
 *   RunTooLongForInlineError, RunTooLongError; none is retried
 */
export async function beginSync(
  runtime: SyncRuntime,
  { input: typed, execution }: { readonly input: unknown; readonly execution: Execution },
): Promise<BegunSync> {
  const input = parseSyncInput(typed);
  const open = await openSync(runtime, input);
  const again = (changed?: Input): Command => typedSync(runtime.config, typed, changed);
  const order = { runtime, input, again, execution, holder: holderOf(execution) };
  switch (input.action) {
    case 'start':
      return start(order, open);
    case 'compare':
      if (open === undefined) return compareAlone(order);
      refuseCancelling(runtime, open);
      refuseOtherCaps(runtime, open, { input, again });
      // A start that died may not have made the mapping yet, and a compare before that would lose changes.
      return take(order, open, open.isStarted !== true ? 'START' : 'COMPARE');
    case 'cutover':
      return cutOver(order, open ?? (await endedByCutOver(order)));
    case 'cancel':
      return cancel(order, open);
  }
}

interface Order {
  readonly runtime: SyncRuntime;
  readonly input: SyncInput;
  /** Starts the same action with what was typed, and these fields changed. */
  readonly again: (changed?: Input) => Command;
  readonly execution: Execution;
  readonly holder: Holder;
}

async function start(order: Order, open: Run | undefined): Promise<BegunSync> {
  const { runtime, input, again, execution, holder } = order;
  if (open !== undefined) return startAgain(order, open);
  const stream = await findSourceStream(runtime, again());
  const followed = await followedRun(order);
  await requireSwitchConfirmed(
    runtime,
    { confirm: input.confirm, confirmed: (_, confirm) => again({ confirm }) },
    followed.run,
  );
  requireSourceConfirmed(followed.run, {
    tableId: stream.tableId,
    confirmed: input.confirmSource,
    confirm: (confirmSource) => again({ confirmSource }),
  });
  const newRun: NewRun = {
    ...runOf(runtime, { execution, input, followed, kind: 'sync' }),
    ...(stream.tableId !== undefined && { sourceTableId: stream.tableId }),
    stream: { arn: stream.arn },
    warnings: stream.warnings,
  };
  await refuseGlobalTables(
    runtime.clients.tables,
    followed.tables.map(({ name }) => name),
  );
  await refuseSharedTargets(runtime, usedTables(newRun));
  const { outcome, run } = await beginOrRecover(runtime, newRun, holder);
  return outcome === 'BEGUN' ? begun(run, input, 'START') : begun(run, input, 'RECOVER');
}

async function followedRun({ runtime, input, again }: Order): Promise<FollowedRun> {
  const { action, runId: wanted } = input;
  const onlyReads = action === 'compare';
  const againWith = (runId: string): Command => again({ runId });
  const { run, ...followed } = await findFollowedRun(runtime, { runId: wanted, onlyReads, againWith });
  return { ...followed, run: { ...run, plan: await withPresentTimeToLive(runtime, run.plan) } };
}

/** The same execution again, or one that goes on where a dead one left the start. */
async function startAgain(order: Order, open: Run): Promise<BegunSync> {
  const { input, holder, runtime } = order;
  if (open.executionArn === holder.executionArn && open.isStarted !== true)
    return begun(open, input, 'START');
  refuseCancelling(runtime, open);
  const { showSync, cancelSync } = commandsOf(runtime.config);
  if (open.isStarted === true || open.status !== 'SYNCING')
    throw new LockHeldError(
      `Sync ${open.runId} of table ${open.sourceTable} into ${tablesText(open)} is open already (${open.status}, begun at ${open.startedAt}). Nothing was changed.`,
      stepText(['Look at it', showSync()], ['Or end it', cancelSync()]),
    );
  refuseOtherStart(runtime, open, { input, again: order.again() });
  return take(order, open, 'START');
}

function refuseCancelling({ config }: SyncRuntime, { runId, status }: Run): void {
  if (status !== 'CANCELLING') return;
  throw new SyncRefusedError(
    `Sync ${runId} is being cancelled. Nothing was changed.`,
    stepText(['Wait until that has ended', commandsOf(config).showSync()]),
  );
}

const tablesText = ({ follows }: Run): string => (follows?.tables ?? []).map(({ name }) => name).join(', ');

/** A compare that nothing waits for: it has a lock of its own, and only names what differs. */
async function compareAlone(order: Order): Promise<BegunSync> {
  const { runtime, input, again, execution, holder } = order;
  const followed = await followedRun(order);
  const { TableId } = await describeSource(runtime, ['When the table is there, compare', again()]);
  // It only reads, so another table is no reason to refuse it.
  const other = otherSource(followed.run, TableId);
  const newRun: NewRun = {
    ...runOf(runtime, { execution, input, followed, kind: 'compare' }),
    ...(TableId !== undefined && { sourceTableId: TableId }),
    warnings: [...followed.warnings, ...(other === undefined ? [] : [other])],
    lockTable: `${runtime.config.sourceTable}#compare`,
  };
  const { outcome, run } = await beginOrRecover(runtime, newRun, holder);
  if (outcome === 'BEGUN') return begun(run, input, 'COMPARE');
  throw new LockHeldError(
    `Compare ${run.runId} has died and is not recovered yet. Nothing was changed. recoverRun ends it within 15 minutes.`,
  );
}

async function cutOver(order: Order, open: Run | undefined): Promise<BegunSync> {
  const { runtime, input, again } = order;
  if (open === undefined) {
    const { startSync } = commandsOf(runtime.config);
    const known = await withoutOpenSync(runtime);
    throw new SyncRefusedError(
      `There is no open sync of table ${runtime.config.sourceTable}, so there is nothing to cut over. Nothing was changed.${known === undefined ? '' : ` ${known.sentence}`}`,
      stepText(...(known?.steps ?? [['Start one', startSync({})]])),
    );
  }
  if (open.status === 'SWITCHED') {
    if (input.dryRun !== true) return begun(open, input, 'SWITCHED');
    throw new SyncRefusedError(
      `Sync ${open.runId} has switched already, so there is nothing to check. Nothing was changed.`,
    );
  }
  refuseCancelling(runtime, open);
  if (input.dryRun === true) return begun(open, input, 'CHECKED');
  if (open.isStarted !== true)
    throw new SyncRefusedError(
      `Sync ${open.runId} has not compared source and target yet. Nothing was changed.`,
      stepText(
        ['Watch the sync until its start has ended', commandsOf(runtime.config).showSync()],
        ['Then cut over', again()],
      ),
    );
  if (input.frozen !== true)
    throw new SyncRefusedError(
      `A cut over needs a source that nobody writes to. Nothing was changed.`,
      stepText(
        ['See the checks, and the commands that freeze the source', again({ dryRun: true })],
        ['When writes have stopped', again({ frozen: true })],
      ),
    );
  if (open.status === 'SWITCHING') return take(order, open, 'SWITCHING');
  // One that another deployment began may not fit any more.
  assertCompareFits(runtime.config, open.plan, { isSync: true });
  const asAllowed = allowing(open, input.maxQuarantined);
  await refuseFailedChecks(runtime, asAllowed, again({ dryRun: true, frozen: undefined }));
  return take(order, open, 'DRAIN');
}

/** The sync that the input names, if it has switched already: what is left is its mapping. */
async function endedByCutOver({ runtime, input }: Order): Promise<Run | undefined> {
  const run = input.runId === undefined ? undefined : await findRun(runtime.ledger, input.runId);
  return run?.kind === 'sync' && run.status === 'SWITCHED' ? run : undefined;
}

/** Also out of the hands of an execution that works on the sync: its workers stop at their next look. */
async function cancel(order: Order, open: Run | undefined): Promise<BegunSync> {
  const { runtime, input, holder } = order;
  if (open === undefined) {
    const ended = input.runId === undefined ? undefined : await findRun(runtime.ledger, input.runId);
    const { showSync } = commandsOf(runtime.config);
    const known = ended === undefined ? await withoutOpenSync(runtime) : undefined;
    const what = ended === undefined ? known?.sentence : `Sync ${ended.runId} is ${ended.status}.`;
    throw new SyncRefusedError(
      [
        `There is no open sync of table ${runtime.config.sourceTable} to cancel.`,
        ...(what === undefined ? [] : [what]),
        'Nothing was changed.',
      ].join(' '),
      stepText(...(known?.steps ?? [['See how the last sync ended', showSync()]])),
    );
  }
  if (input.recover === true) await refuseHealthy(order, open);
  return begun(await taken({ runtime, holder, step: 'cancel' }, open), input, 'CANCEL');
}

/** What recoverRun has seen may be over. @throws LockHeldError, SyncRefusedError where the sync needs no recovery */
async function refuseHealthy({ runtime, holder }: Order, open: Run): Promise<void> {
  if (open.executionArn === holder.executionArn) return;
  if (!(await isDead(runtime, open))) refuseBusy(runtime, open);
  if (mustCancel(open)) return;
  throw new SyncRefusedError(
    `Sync ${open.runId} follows its source, so there is nothing to recover. Nothing was changed.`,
  );
}

/** Takes an open sync for this execution. @throws LockHeldError where another execution works on it */
async function take(order: Order, open: Run, outcome: BegunSync['outcome']): Promise<BegunSync> {
  const { runtime, input, holder } = order;
  const isOurs = open.executionArn === holder.executionArn;
  if (!isOurs && !(await isDead(runtime, open))) refuseBusy(runtime, open);
  const source = await sourceOfOpen(runtime, open);
  // Known before the compare begins, a gap is closed by it. recoverRun would note it afterwards.
  if (outcome === 'COMPARE') await watchDelivery(runtime, open);
  if (isOurs) return begun(open, input, outcome);
  // What may stay behind is said again with each cut over, and with each action whether the source may be empty.
  const { maxQuarantined, allowEmpty = false } = input;
  const { transformVersion } = runtime.config;
  const said = { allowEmpty, ...(input.action === 'cutover' && { maxQuarantined }) };
  const plan = await withPresentTimeToLive(runtime, open.plan);
  const facts = { ...source, transformVersion, plan, parameters: { ...open.parameters, ...said } };
  return begun(await taken({ runtime, holder, step: 'take', facts }, open), input, outcome);
}

function begun({ runId, plan }: Run, input: SyncInput, outcome: BegunSync['outcome']): BegunSync {
  const { action, maxQuarantined } = input;
  return { outcome, runId, segments: plan.segments, workers: plan.workers, action, maxQuarantined };
}
