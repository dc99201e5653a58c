import { commandsOf, type StagePlace, stepText } from '../commands.ts';
import { backupIdFor } from '../files/layout.ts';
import { errorSummary, LockHeldError, RunClosedError } from '../errors.ts';
import { type Holder, resumeRun } from '../ledger/begin.ts';
import { manualArn } from '../ledger/execution-record.ts';
import { noteReliance } from '../ledger/reliance.ts';
import { listReliants } from '../ledger/reliant.ts';
import { type Run } from '../ledger/run.ts';
import { listShards } from '../ledger/shard.ts';
import { listTables } from '../ledger/table-record.ts';
import { transition } from '../ledger/transition.ts';
import { pausedText } from './control-text.ts';
import { beginOrRecover } from './lock-conflict.ts';
import { SINGLE_PLAN } from './cut-work.ts';
import { newRunOf } from './new-run.ts';
import { prepareResumption } from './prepare-resumption.ts';
import { isQuietWithin } from '../ledger/quiet.ts';
import type { Runtime, Turn } from '../runtime.ts';
import type { Plan } from '../state.ts';
import { findUnfinished, leftSentence, reliedObstacle } from './unfinished-step.ts';

/** What `work` returns about a step. */
export interface ManualProgress {
  /** False: time was short. The step continues when it is invoked again. */
  readonly done: boolean;
  /** Counts and names for the reader. */
  readonly result: Readonly<Record<string, unknown>>;
  /** What the reader must know of a step that is done: sentences. */
  readonly notice?: string | undefined;
}

/** Reserved for recording how the step has ended. */
const CLOSING_MILLIS = 5_000;

/**
 * Whether no request of the step can take effect any more, as far as the invocation has time to wait for that. Only then
 * is a step complete, because only then can it no longer overwrite what others write to its table.
 */
export function isQuietInTime(runtime: Runtime, run: Run, turn: Turn): Promise<boolean> {
  return isQuietWithin(runtime, run, turn.remainingMillis() - CLOSING_MILLIS);
}

/** Answer of a step that was called alone. */
export interface ManualOutcome extends Omit<ManualProgress, 'notice'> {
  readonly runId: string;
  readonly message: string;
}

export interface ManualStep {
  /** `functions:` key. An unfinished run is found by it. */
  readonly step: string;
  /** How the work is cut; default: one segment, one shard. */
  readonly plan?: Plan;
  /** Facts that the run begins with, e.g. the backup to migrate. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly backupId?: string;
  /** The table whose lock it takes; default: the source. */
  readonly lockTable?: string;
  /** TableId of the source, where the step reads it. */
  readonly sourceTableId?: string;
  readonly work: (run: Run) => Promise<ManualProgress>;
}

const PARAMETERS = {
  dryRun: false,
  onFailure: 'hold',
  maxQuarantined: 0,
  onExisting: 'keep',
  maxConcurrency: 1,
} as const;

/** The holder of a manual run counts as dead a minute after its Lambda must have ended. */
const GRACE_MILLIS = 60_000;

function holderOf(runtime: Runtime, turn: Turn, runId: string): Holder {
  const now = runtime.clock.now();
  const expiresAt = now + turn.remainingMillis() + GRACE_MILLIS;
  return {
    executionName: runId,
    executionArn: manualArn(runId, turn.requestId),
    startTime: new Date(now).toISOString(),
    expiresAt,
  };
}

/** The run of this call, and what it left behind if it began again. */
interface OpenRun {
  readonly run: Run;
  /** A sentence. Absent if nothing was unfinished, or if it is continued. */
  readonly notice?: string | undefined;
}

async function beginManual(
  runtime: Runtime,
  turn: Turn,
  manual: ManualStep & { readonly notice?: string | undefined },
): Promise<OpenRun> {
  const { clock, random } = runtime;
  const now = clock.now();
  const stamp = new Date(now).toISOString().replaceAll(/[-:.]/g, '');
  const runId = `manual-${stamp}-${Math.floor(random() * 0x1_0000)
    .toString(16)
    .padStart(4, '0')}`;
  const holder = holderOf(runtime, turn, runId);
  const startedAt = holder.startTime;
  const newRun = {
    ...newRunOf(runtime, { name: runId, startTime: startedAt }, manual.plan ?? SINGLE_PLAN),
    kind: 'manual',
    step: manual.step,
    parameters: PARAMETERS,
    backupId: manual.backupId ?? backupIdFor(startedAt, runId),
    ...(manual.lockTable === undefined ? {} : { lockTable: manual.lockTable }),
    ...(manual.sourceTableId === undefined ? {} : { sourceTableId: manual.sourceTableId }),
    ...(manual.details === undefined ? {} : { details: manual.details }),
    warnings: manual.notice === undefined ? [] : [manual.notice],
  } as const;
  const { outcome, run: recover } = await beginOrRecover(runtime, newRun, holder);
  if (outcome === 'BEGUN') return { run: recover, notice: manual.notice };
  if (recover.status === 'ROLLING_BACK')
    throw new LockHeldError(
      `Run ${recover.runId} is being rolled back at the moment. Nothing was changed. Invoke ${manual.step} again in a minute or two.`,
    );
  throw new LockHeldError(
    `Run ${recover.runId} died without being rolled back. Nothing was changed. The schedule rolls it back within 15 minutes. Then invoke ${manual.step} again.`,
    stepText(['Or roll it back now', commandsOf(runtime.config).rollBack(recover.runId)]),
  );
}

async function resumeManual(runtime: Runtime, turn: Turn, run: Run): Promise<Run | undefined> {
  await prepareResumption(runtime, run);
  return resumeRun(runtime.ledger, run, holderOf(runtime, turn, run.runId));
}

async function openManual(runtime: Runtime, turn: Turn, manual: ManualStep): Promise<OpenRun> {
  const unfinished = await findUnfinished(runtime, manual);
  if (unfinished === undefined) return beginManual(runtime, turn, manual);
  const { run, obstacle } = unfinished;
  const resumed = obstacle === undefined ? await resumeManual(runtime, turn, run) : undefined;
  if (resumed === undefined)
    return beginManual(runtime, turn, { ...manual, notice: leftSentence(unfinished, runtime.config) });
  // Asked again under the lock: from here on nobody else can commit.
  const relied = reliedObstacle(await listReliants(runtime.ledger, run.runId));
  if (relied === undefined) return { run: resumed };
  await closeManual(runtime, resumed, 'HELD', {});
  return beginManual(runtime, turn, {
    ...manual,
    notice: leftSentence({ run, obstacle: relied }, runtime.config),
  });
}

async function closeManual(
  runtime: Runtime,
  run: Run,
  to: 'SUCCEEDED' | 'HELD',
  facts: Partial<Pick<Run, 'failure' | 'details'>>,
): Promise<Run> {
  const finishedAt = new Date(runtime.clock.now()).toISOString();
  const writer = `close:${run.executionArn}:${runtime.clock.now()}`;
  const reliance =
    to === 'SUCCEEDED' ? await noteAlone(runtime, run, finishedAt) : { facts: {}, actions: [] };
  const closing = { ...facts, ...reliance.facts, finishedAt };
  const change = { run, to, lock: 'release', writer, facts: closing } as const;
  const closed = await transition(runtime.ledger, change, reliance.actions);
  if (closed !== undefined) return closed;
  throw new RunClosedError(
    `Run ${run.runId} was closed by somebody else while this call worked on it. This call changes nothing more.`,
    stepText(['Look at the run', commandsOf(runtime.config).report(run.runId)]),
  );
}

/** A step called alone relies on earlier runs as a whole run does. */
async function noteAlone({ ledger }: Runtime, { runId }: Run, committedAt: string) {
  const tables = await listTables(ledger, runId);
  const shards = await listShards(ledger, runId, 'MigrateProducts');
  return noteReliance(ledger, { runId, committedAt }, { tables, shards });
}

/** The step's own error counts, not the failure to record it. A run without an end is recovered. */
async function holdFailed(runtime: Runtime, run: Run, error: unknown): Promise<void> {
  const { name, message } = errorSummary(error);
  await closeManual(runtime, run, 'HELD', { failure: { error: name, cause: message } }).catch(
    (reason: unknown) => {
      const facts = { runId: run.runId, error: errorSummary(reason).name };
      runtime.logger.warn('A failed step could not be noted as HELD.', facts);
    },
  );
}

function lastLine(place: StagePlace, { runId, step = 'the step', paused }: Run, done: boolean): string {
  if (done) return `${step} is complete.`;
  const why = paused === undefined ? 'Time was short.' : `The step has been ${pausedText(paused)}.`;
  return `${why} Invoke ${step} again within a day, and it continues where it stopped. To roll back what it has done so far: ${commandsOf(place).rollBack(runId).line}`;
}

/**
 * Runs one step alone, under a run of its own and the lock. Nothing stays locked afterwards. A step that was short of
 * time, or failed, leaves a HELD run without lock. The next call of the same step continues it if it was short of time
 * and the work is still the same. Otherwise it begins again and names the run that it left.
 *
 * @throws LockHeldError when a run has the source table; what `work` throws, after the run is noted as HELD.
 */
export async function withManualRun(
  runtime: Runtime,
  turn: Turn,
  manual: ManualStep,
): Promise<ManualOutcome> {
  const { run, notice } = await openManual(runtime, turn, manual);
  try {
    const { done: isDone, result, notice: workNotice } = await manual.work(run);
    const done = isDone && (await isQuietInTime(runtime, run, turn));
    const details = { ...run.details, ...result };
    const closed = await closeManual(runtime, run, done ? 'SUCCEEDED' : 'HELD', { details });
    const message = [lastLine(runtime.config, closed, done), workNotice ?? [], notice ?? []].flat().join(' ');
    return { done, runId: run.runId, message, result };
  } catch (error) {
    await holdFailed(runtime, run, error);
    throw error;
  }
}
