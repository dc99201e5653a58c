import { awsCommandsOf, commandsOf, type Step, stepText } from '../shared/commands.ts';
import { InvalidInputError, LockHeldError, RunClosedError } from '../shared/errors.ts';
import { isDead } from '../shared/runs/holder.ts';
import { keepsLock, meetOtherLock, stoppedText, waysToFree } from '../shared/runs/lock-conflict.ts';
import { earlierAttempts } from '../shared/ledger/attempt.ts';
import { findLockOf } from '../shared/ledger/lock.ts';
import { isOfSync, readRun, type Run } from '../shared/ledger/run.ts';
import { isEndStatus, type Transition, transition } from '../shared/ledger/transition.ts';
import { cancelCompare } from '../shared/runs/sync-ends.ts';
import { quietTimeOf } from '../shared/ledger/quiet.ts';
import type { Runtime } from '../shared/runtime.ts';
import { confirmedFact, requireConfirmation } from './confirm.ts';
import type { RollBackOrder } from './request.ts';
import { claimFacts, claimRollBack, isRolledBackByOther, type RollBackCall } from './recovery-owner.ts';

/** Whether there is something to do, and who does it. */
export type Claim =
  /** The run is this call's to roll back. `isTakenOver`: an earlier call has ended without closing its claim. */
  | { readonly kind: 'claimed'; readonly run: Run; readonly isTakenOver: boolean }
  /** Another call is rolling the run back. `since`: epoch milliseconds, where it is another execution's. */
  | { readonly kind: 'busy'; readonly since?: number }
  /** Requests of earlier calls may still take effect for this long. Nothing was claimed. */
  | { readonly kind: 'noisy'; readonly seconds: number }
  /** The run has ended or is held, so there is nothing to do. */
  | { readonly kind: 'ended'; readonly run: Run };

function writerOf(order: RollBackOrder, run: Run): string {
  return `roll-back:${order.execution.id}:${order.execution.startTime}:${run.status}`;
}

/** An order, and the call that carries it out. */
interface ClaimScope extends RollBackOrder {
  readonly by: RollBackCall;
}

/** @throws LockHeldError where another run has the lock and needs it; not retried */
async function refuseLocked(
  { ledger, config }: Runtime,
  run: Run,
  confirm: string | undefined,
): Promise<void> {
  const met = await meetOtherLock(ledger, run);
  if (met.kind !== 'held') return;
  throw new LockHeldError(
    `Run ${run.runId} cannot be rolled back now, because run ${met.lock.runId} has locked table ${met.table}. Nothing was changed.`,
    stepText(...waysToFree(config, met), ['Then roll back', commandsOf(config).rollBack(run.runId, confirm)]),
  );
}

/** Looks again if somebody changed the run or its lock after they were read. */
async function change(runtime: Runtime, order: ClaimScope, next: Transition): Promise<Claim> {
  const changed = await transition(runtime.ledger, next);
  if (changed?.status === 'HELD') return { kind: 'ended', run: changed };
  if (changed !== undefined && changed.claim === order.by.call)
    return { kind: 'claimed', run: changed, isTakenOver: false };
  const run = await readRun(runtime.ledger, next.run.runId);
  if (run.changedBy === next.run.changedBy) await refuseLocked(runtime, run, order.confirm);
  return claimAfterRace(runtime, order);
}

/**
 * Continues a run that is already marked, unless another execution is rolling it back. A call that can only wait claims
 * nothing. Otherwise two simultaneous calls would keep taking over from each other, and each takeover means another
 * fence to wait for.
 */
async function claimMarked(runtime: Runtime, order: ClaimScope, run: Run): Promise<Claim> {
  if (await isRolledBackByOther(runtime, run, order.by))
    return { kind: 'busy', since: run.markedAt ?? runtime.clock.now() };
  const quietAt = run.claim === undefined ? await quietTimeOf(runtime, run, run.markedAt ?? 0) : 0;
  const seconds = (quietAt - runtime.clock.now()) / 1_000;
  if (seconds > 0) return { kind: 'noisy', seconds };
  const claimedRun = await claimRollBack(runtime, run, order.by);
  if (claimedRun !== undefined)
    return { kind: 'claimed', run: claimedRun, isTakenOver: run.claim !== undefined };
  await refuseLocked(runtime, run, order.confirm);
  return claimAfterRace(runtime, order);
}

/**
 * Another call was faster a moment ago. It is alive, so it is left to work. Only a claim that exists at entry is taken
 * over.
 */
async function claimAfterRace(runtime: Runtime, order: ClaimScope): Promise<Claim> {
  const { status, claim } = await readRun(runtime.ledger, order.runId);
  return status === 'ROLLING_BACK' && claim !== undefined ? { kind: 'busy' } : claimAgain(runtime, order);
}

async function mark(runtime: Runtime, order: ClaimScope, run: Run): Promise<Claim> {
  await requireConfirmation(runtime, order, run);
  const { id: executionArn, startTime } = order.execution;
  const { error, cause, state } = order.failure;
  return change(runtime, order, {
    run,
    to: 'ROLLING_BACK',
    lock: 'take',
    holder: { executionArn, startTime },
    writer: writerOf(order, run),
    facts: {
      markedAt: runtime.clock.now(),
      rolledBackFrom: run.rolledBackFrom ?? run.status,
      rollBackAsked: order.reason === 'operator',
      ...attemptFacts(runtime, order, run),
      ...confirmedFact(order),
      ...claimFacts(runtime, run, order.by),
      // A held run keeps the failure that it was held for. Any other recorded failure is an earlier one.
      ...(run.failure === undefined || run.status === 'SUCCEEDED' || run.status === 'RUNNING'
        ? { failure: { error, cause, ...(state === undefined ? {} : { state }) } }
        : {}),
    },
  });
}

/** A roll back that another execution than the run's own carries out is an attempt of its own. */
function attemptFacts(
  { clock }: Runtime,
  { execution }: ClaimScope,
  run: Run,
): ReturnType<typeof earlierAttempts> {
  if (execution.id === run.executionArn) return {};
  return earlierAttempts(run, clock.now());
}

/**
 * A held run has its lock, even if somebody removed the lock by hand. A step called alone leaves no lock behind. Its
 * next call takes the lock again and continues.
 */
async function lockOfHeld({ ledger }: Runtime, run: Run): Promise<Transition['lock']> {
  if (run.kind !== 'manual') return 'take';
  const lock = await findLockOf(ledger, run);
  return lock?.runId === run.runId ? 'release' : 'none';
}

async function hold(runtime: Runtime, order: ClaimScope, run: Run): Promise<Claim> {
  const { error, cause, state } = order.failure;
  const failure = { error, cause, ...(state === undefined ? {} : { state }) };
  const facts = { failure, finishedAt: new Date(runtime.clock.now()).toISOString() };
  const lock = await lockOfHeld(runtime, run);
  return change(runtime, order, { run, to: 'HELD', lock, writer: writerOf(order, run), facts });
}

/** @throws InvalidInputError */
function refuseLiving({ config }: Runtime, run: Run, confirm: string | undefined): never {
  const { runId, kind, executionArn } = run;
  const { follow, rollBack } = commandsOf(config);
  const { stopExecution } = awsCommandsOf(config);
  const isWhole = kind !== 'manual';
  const back: readonly Step[] = keepsLock(run) ? [['Then roll it back', rollBack(runId, confirm)]] : [];
  throw new InvalidInputError(
    `Run ${runId} is still being worked on by ${executionArn}. Nothing was changed.${isWhole ? ` ${stoppedText(run)}.` : ''}`,
    isWhole
      ? stepText(['Wait until it ends', follow(runId)], ['Or stop it', stopExecution(executionArn)], ...back)
      : stepText(['Wait until that call has ended']),
  );
}

/** @throws InvalidInputError */
async function refuseUnlessDead(runtime: Runtime, run: Run, confirm?: string): Promise<void> {
  const lock = await findLockOf(runtime.ledger, run);
  const holder = lock?.runId === run.runId ? lock : { executionArn: run.executionArn };
  if (!(await isDead(runtime, holder))) refuseLiving(runtime, run, confirm);
}

async function claimRunning(runtime: Runtime, order: ClaimScope, run: Run): Promise<Claim> {
  if (order.reason === 'fail') {
    if (run.executionArn !== order.execution.id)
      throw new RunClosedError(
        `Run ${run.runId} is now being worked on by ${run.executionArn}. This execution changes nothing more.`,
      );
  } else await refuseUnlessDead(runtime, run, order.confirm);
  const shouldHold = order.reason !== 'operator' && run.parameters.onFailure === 'hold';
  return shouldHold ? hold(runtime, order, run) : mark(runtime, order, run);
}

/**
 * Claims the run for this call's roll back, holds it, or finds that there is nothing to do. Idempotent.
 *
 * @param call unique to the call; the run carries it as its claim
 *
 * @throws InvalidInputError, LockHeldError, RunNotFoundError, RunClosedError; not retried.
 */
export function claimRun(runtime: Runtime, order: RollBackOrder, call: string): Promise<Claim> {
  const { id: execution, startTime } = order.execution;
  const scope = { ...order, by: { execution, startTime, call } };
  // Every change is on the condition that the run is still as it was read.
  return order.run === undefined ? claimAgain(runtime, scope) : claimAs(runtime, scope, order.run);
}

async function claimAgain(runtime: Runtime, order: ClaimScope): Promise<Claim> {
  return claimAs(runtime, order, await readRun(runtime.ledger, order.runId));
}

async function claimAs(runtime: Runtime, order: ClaimScope, run: Run): Promise<Claim> {
  if (isOfSync(run) && order.reason === 'operator') throw nothingToRollBack(runtime, run);
  if (run.kind === 'compare' && run.status !== 'ROLLING_BACK') return endCompare(runtime, order, run);
  switch (run.status) {
    case 'RUNNING':
      return claimRunning(runtime, order, run);
    case 'HELD':
    case 'ROLLBACK_FAILED':
    case 'SUCCEEDED':
      return order.reason === 'operator' && !hasFailedIn(order, run)
        ? mark(runtime, order, run)
        : { kind: 'ended', run };
    case 'ROLLING_BACK':
      return claimMarked(runtime, order, run);
    case 'PLANNED':
      if (order.reason === 'operator') throw onlyPlanned(runtime, run);
      return { kind: 'ended', run };
    case 'ROLLED_BACK':
      return { kind: 'ended', run };
    default:
      throw nothingToRollBack(runtime, run);
  }
}

/** Whether this very execution has ended the roll back, and its answer was lost. A later one of that name begins another. */
function hasFailedIn({ execution }: RollBackOrder, { status, recoveryOwner, markedAt = 0 }: Run): boolean {
  return (
    status === 'ROLLBACK_FAILED' &&
    recoveryOwner === execution.id &&
    markedAt >= Date.parse(execution.startTime)
  );
}

/** A dead compare has the lock that another run needs. */
async function endCompare(runtime: Runtime, order: ClaimScope, run: Run): Promise<Claim> {
  if (run.status !== 'RUNNING') return { kind: 'ended', run };
  await refuseUnlessDead(runtime, run);
  await cancelCompare(runtime, run, order.failure);
  const now = await readRun(runtime.ledger, run.runId);
  // Somebody has removed its lock by hand: recoverRun ends it.
  return now.status === 'RUNNING' ? { kind: 'busy' } : { kind: 'ended', run: now };
}

/** A roll back would end well, as if it had withdrawn the plan. */
function onlyPlanned({ config }: Runtime, { runId }: Run): InvalidInputError {
  return new InvalidInputError(
    `Run ${runId} is a dry run: it has created no table, so there is nothing to roll back. Its plan stays, and is applied only when somebody resumes it. Nothing was changed.`,
    stepText(['See what it has planned', commandsOf(config).report(runId)]),
  );
}

/** A sync writes what the source says, and a compare at most repairs it. */
function nothingToRollBack({ config }: Runtime, { runId, kind, status }: Run): InvalidInputError {
  const isOpen = kind === 'sync' && !isEndStatus(status);
  return new InvalidInputError(
    `Run ${runId} is a ${kind} (${status}): there is nothing to roll back. Nothing was changed.`,
    isOpen ? stepText(['To end it', commandsOf(config).cancelSync()]) : undefined,
  );
}
