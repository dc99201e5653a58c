import { commandsOf, stepText } from '../shared/commands.ts';
import { joinMessage, splitMessage } from '../shared/message.ts';
import { ClaimLostError } from '../shared/ledger/claims.ts';
import { runKey } from '../shared/ledger/ledger-table.ts';
import { letGo, quietTimeIn } from '../shared/ledger/quiet.ts';
import { readableFailure, type ReadableFailure } from '../shared/runs/caught-failure.ts';
import {
  errorSummary,
  InvalidInputError,
  LockHeldError,
  RunClosedError,
  RunNotFoundError,
} from '../shared/errors.ts';
import { warnOfDeadWorkers } from '../shared/copy/unseen-deletion.ts';
import { endBulkLoads } from '../shared/copy/bulk/end-bulk-loads.ts';
import { listTables } from '../shared/ledger/table-record.ts';
import type { Run } from '../shared/ledger/run.ts';
import { readRecords } from '../shared/ledger/run-records.ts';
import type { ShardState } from '../shared/ledger/shard.ts';
import { deadlinesOf, inDoubtUntil, type Runtime, type Turn } from '../shared/runtime.ts';
import type { Failure, RollBackInput, RollBackTurn } from '../shared/state.ts';
import { startAgain } from '../shared/runs/start-again.ts';
import { waitSeconds } from '../shared/runs/wait-seconds.ts';
import { claimRun } from './claim.ts';
import { endedTurn, finishRollBack, refusedTurn } from './finish.ts';
import { keepUnrecorded, noteLostTargets } from './lost-records.ts';
import { readReliedTables } from './relied-tables.ts';
import { readOrder } from './request.ts';
import { rollBackFence } from './recovery-owner.ts';
import { rollBackTargets, warnOfUnseenDeletions } from './roll-back-target.ts';
import { type TableRollBackScope, type RolledBackTable, rollBackTable } from './roll-back-table.ts';

const pending = (waitSeconds: number): RollBackTurn => ({
  done: false,
  waitSeconds: Math.max(1, Math.ceil(waitSeconds)),
  end: 'PENDING',
  error: '',
  cause: '',
  report: null,
});

/** Pause between two looks at something that somebody else is about to finish. */
const LOOK_AGAIN_SECONDS = 5;

/** The roll back of another execution may take hours. Looking every five seconds would fill this one's history. */
const busyWait = ({ clock }: Runtime, since = clock.now()): number =>
  Math.max(LOOK_AGAIN_SECONDS, waitSeconds((clock.now() - since) / 1_000));

const secondsUntil = ({ clock }: Runtime, time: number): number => (time - clock.now()) / 1_000;

async function rollBackTables(
  runtime: Runtime,
  scope: TableRollBackScope,
): Promise<readonly RolledBackTable[]> {
  const outcomes: RolledBackTable[] = [...(await rollBackTargets(runtime, scope))];
  if (outcomes.some(({ kind }) => kind === 'wait')) return outcomes;
  const records = outcomes.length === 0 ? scope.tables : await listTables(runtime.ledger, scope.run.runId);
  for (const [index, record] of records.entries()) {
    // Deleting many tables takes longer than a turn. The next one goes on.
    if (index > 0 && runtime.clock.now() >= scope.deadline)
      return [...outcomes, { kind: 'wait', seconds: 1 }];
    outcomes.push(await rollBackTable(runtime, scope, record));
  }
  return outcomes;
}

async function rollBackRun(
  runtime: Runtime,
  run: Run,
  { turn, call, isTakenOver }: RollBackScope,
): Promise<RollBackTurn> {
  const records = await readRecords(runtime.ledger, run.runId);
  const { shards } = records;
  // Each of them is claimed before its first item is written.
  const hasBegunToFill = FILLING.some((state) => shards.has(state));
  const tables = await noteLostTargets(runtime, { run, tables: records.tables, hasBegunToFill });
  if (isTakenOver) await warnOfUnseenDeletions(runtime, { run, tables });
  // The mark stopped the workers. The requests that they had already sent must take effect before any table is
  // inspected.
  const noise = secondsUntil(runtime, quietTimeIn(runtime, records, run.markedAt ?? 0));
  // It looks again before that time, because a worker that finds the run closed closes its claim and need not be waited
  // for.
  if (noise > 0) return pending(Math.min(noise, LOOK_AGAIN_SECONDS));
  await warnOfDeadWorkers(runtime, records);
  const fence = rollBackFence(runtime, run, call);
  // DynamoDB's bulk put writes on by itself, whatever became of the worker that started it.
  const loads = shards.get('BulkLoad') ?? [];
  if (!(await endBulkLoads(runtime, run, { loads, check: () => fence.check() })))
    return pending(LOOK_AGAIN_SECONDS);
  const { deadline } = deadlinesOf(runtime.clock, turn);
  const relied = await readReliedTables(runtime, run, records.relied);
  const scope = { run, tables, deadline, relied, fence, hasBegunToFill };
  const outcomes = await rollBackTables(runtime, scope);
  const transient = outcomes.find((outcome) => outcome.kind === 'transient');
  if (transient !== undefined) throw transient.error;
  const waits = outcomes.flatMap((outcome) => (outcome.kind === 'wait' ? [outcome.seconds] : []));
  if (waits.length > 0) return pending(Math.max(...waits));
  // A request that got no answer may still take effect, and the lock must not pass on before that.
  const doubt = inDoubtUntil(runtime);
  if (doubt !== undefined) return pending(secondsUntil(runtime, doubt));
  const all = [...outcomes, ...(await keepUnrecorded(runtime, scope))];
  const failed = all.filter((outcome) => outcome.kind === 'failed');
  return finishRollBack(
    runtime,
    { run, relies: records.relies },
    {
      remaining: failed.map(({ sentence }) => sentence),
      remainingTables: failed.flatMap(({ table }) => table ?? []),
      steps: [...new Set(failed.flatMap(({ step }) => step ?? []))],
    },
  );
}

/** The states that write items into existing tables. */
const FILLING = ['MigrateProducts', 'BulkLoad'] as const satisfies readonly ShardState[];

interface RollBackScope {
  readonly turn: Turn;
  /** Unique to the call. */
  readonly call: string;
  /** An earlier call has ended without closing its claim. */
  readonly isTakenOver: boolean;
}

/** Takes one turn under this call's claim, and closes the claim at the end. */
async function takeClaimedTurn(runtime: Runtime, run: Run, scope: RollBackScope): Promise<RollBackTurn> {
  let isEnded = false;
  try {
    const after = await rollBackRun(runtime, run, scope);
    isEnded = after.done;
    return after;
  } catch (error) {
    if (!(error instanceof ClaimLostError)) throw error;
    runtime.logger.warn(error.message, { runId: run.runId, stage: 'RollBack' });
    return pending(LOOK_AGAIN_SECONDS);
  } finally {
    // The end of a run has closed its claim. What got no answer since then is noted.
    if (!isEnded || inDoubtUntil(runtime) !== undefined)
      await letGo(runtime, { runId: run.runId, key: runKey(run.runId), claims: run });
  }
}

async function takeTurn(runtime: Runtime, input: RollBackInput, turn: Turn): Promise<RollBackTurn> {
  const order = await readOrder(runtime, input);
  if (order.runId === undefined)
    return refusedTurn(order.failure, await startAgain(runtime, input, order.failure));
  const call = runtime.newId();
  const claim = await claimRun(runtime, order, call);
  runtime.logger.info('A turn of the roll back', {
    runId: order.runId,
    stage: 'RollBack',
    claim: claim.kind,
  });
  switch (claim.kind) {
    case 'busy':
      return pending(busyWait(runtime, claim.since));
    case 'noisy':
      return pending(Math.min(claim.seconds, LOOK_AGAIN_SECONDS));
    case 'ended':
      return endedTurn(runtime, claim.run);
    case 'claimed':
      return takeClaimedTurn(runtime, claim.run, { turn, call, isTakenOver: claim.isTakenOver });
  }
}

/** Why this execution failed, and why it leaves the run alone. */
function notOurs(failure: Failure, reason: string): ReadableFailure {
  const { error, cause } = readableFailure(failure);
  const { said } = splitMessage(cause);
  return { error, cause: said.includes(reason) ? said : `${said} ${reason}` };
}

/** Somebody has removed the run's record. Without it nothing shows what the run created, so nothing is deleted. */
function lostRun(
  { ledger, config }: Runtime,
  { Error: error = 'UnknownError' }: Failure,
  name: string,
): RollBackTurn {
  const said = `The ledger ${ledger.tableName} no longer has the record of run ${name}: somebody has removed it by hand. Nothing was rolled back. Tables that carry the tag migration:run = ${name} belong to the run. Look at them, and delete them by hand if nobody needs them.`;
  const { migrate } = commandsOf(config);
  const nextStep = stepText(['A new run releases the lock, too', migrate({})]);
  const cause = joinMessage({ said, nextStep });
  return { done: true, waitSeconds: 0, end: 'ROLLBACK_FAILED', error, cause, report: null };
}

const REFUSALS = [InvalidInputError, LockHeldError, RunNotFoundError];

/**
 * One turn of a roll back. It marks the run, waits until the run's workers have stopped, removes items and tables, and
 * ends the run. Idempotent: if a turn is killed, the next one continues. A refused request of an operator is an answer
 * (`REFUSED`) and not an error, so that the console shows the sentence and not an error's JSON.
 *
 * @throws LockHeldError, RunNotFoundError, RunClosedError (none retried); TransientError (retried).
 */
export async function rollBack(runtime: Runtime, input: RollBackInput, turn: Turn): Promise<RollBackTurn> {
  try {
    return await takeTurn(runtime, input, turn);
  } catch (error) {
    const { name, message } = errorSummary(error);
    // Another execution is working on the run or rolling it back, so the message must not ask anybody to roll it back.
    if ('failure' in input && error instanceof RunClosedError)
      return refusedTurn(
        notOurs(input.failure, message),
        stepText(['See who works on it', commandsOf(runtime.config).runs()]),
      );
    if ('failure' in input && error instanceof RunNotFoundError)
      return lostRun(runtime, input.failure, input.execution.name);
    const isRefusal = REFUSALS.some((kind) => error instanceof kind);
    if (input.machine !== 'rollback' || !isRefusal) throw error;
    const { runs } = commandsOf(runtime.config);
    return refusedTurn({ error: name, cause: message }, stepText(['List the runs', runs()]));
  }
}
