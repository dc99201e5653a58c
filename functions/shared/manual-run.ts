import { backupIdFor } from './backup/layout.ts';
import { errorSummary, LockHeldError } from './errors.ts';
import { type Holder, resumeRun } from './ledger/begin.ts';
import { noteReliance } from './ledger/reliance.ts';
import { listReliants } from './ledger/reliant.ts';
import { listRuns, type Run, settingsOf } from './ledger/run.ts';
import { listShards } from './ledger/shard.ts';
import { listTables } from './ledger/table-record.ts';
import { transition } from './ledger/transition.ts';
import { beginOrSettle } from './lock-conflict.ts';
import { untilHeldRunIsQuiet } from './quiet.ts';
import type { Runtime, Turn } from './runtime.ts';
import type { Plan } from './state.ts';
import { codeVersion } from './transform/code-version.ts';

/** What `work` reports of a step. */
export interface ManualProgress {
  /** False: time was short; the step goes on when it is invoked again. */
  readonly done: boolean;
  /** Counts and names for the reader. */
  readonly result: Readonly<Record<string, unknown>>;
}

/** Answer of a step that was called alone. */
export interface ManualOutcome extends ManualProgress {
  readonly runId: string;
  readonly message: string;
}

export interface ManualStep {
  /** `functions:` key, and what an unfinished run is found again by. */
  readonly step: string;
  /** How the work is cut; default: one segment, one shard. */
  readonly plan?: Plan;
  /** Facts that the run begins with, e.g. the backup to migrate. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly backupId?: string;
  readonly work: (run: Run) => Promise<ManualProgress>;
}

/** One worker on everything. */
export const singlePlan: Plan = {
  segments: [0],
  shards: [0],
  workers: 1,
  itemsPerFile: 4_000,
  readUnitsPerSecond: 0,
  writeUnitsPerSecond: 0,
  estimatedProducts: 0,
  estimatedBytes: 0,
  estimate: { seconds: 0, dollars: 0 },
  warnings: [],
};

const parameters = {
  dryRun: false,
  onFailure: 'hold',
  maxQuarantined: 0,
  onExisting: 'keep',
  maxConcurrency: 1,
} as const;

/** The holder of a manual run is dead a minute after its Lambda must have ended. */
const graceMillis = 60_000;

function holderOf(runtime: Runtime, turn: Turn, runId: string): Holder {
  const now = runtime.clock.now();
  const expiresAt = now + turn.remainingMillis() + graceMillis;
  return {
    executionName: runId,
    executionArn: `manual:${runId}`,
    startTime: new Date(now).toISOString(),
    expiresAt,
  };
}

/** A run that came upon a damaged backup would come upon it again. */
const damaged = 'BackupDamagedError';

/** What a later run relies on is not worked on any more: the step begins again, in a run of its own. */
async function findUnfinished({ ledger }: Runtime, step: string): Promise<Run | undefined> {
  const unfinished = (await listRuns(ledger, 50)).filter(
    (run) =>
      run.kind === 'manual' && run.step === step && run.status === 'HELD' && run.failure?.error !== damaged,
  );
  for (const run of unfinished) if ((await listReliants(ledger, run.runId)).length === 0) return run;
  return undefined;
}

async function beginManual(runtime: Runtime, turn: Turn, manual: ManualStep): Promise<Run> {
  const { clock, config, random } = runtime;
  const now = clock.now();
  const stamp = new Date(now).toISOString().replaceAll(/[-:.]/g, '');
  const runId = `manual-${stamp}-${Math.floor(random() * 0x1_0000)
    .toString(16)
    .padStart(4, '0')}`;
  const holder = holderOf(runtime, turn, runId);
  const startedAt = holder.startTime;
  const newRun = {
    runId,
    kind: 'manual',
    step: manual.step,
    startedAt,
    sourceTable: config.sourceTable,
    parameters,
    plan: manual.plan ?? singlePlan,
    codeVersion: codeVersion(),
    settings: settingsOf(config),
    backupId: manual.backupId ?? backupIdFor(startedAt, runId),
    ...(manual.details === undefined ? {} : { details: manual.details }),
  } as const;
  const { outcome, run: settle } = await beginOrSettle(runtime, newRun, holder);
  if (outcome === 'BEGUN') return settle;
  if (settle.status === 'ROLLING_BACK')
    throw new LockHeldError(
      `Run ${settle.runId} is being taken back at the moment. Nothing was changed. Invoke ${manual.step} again in a minute or two.`,
    );
  throw new LockHeldError(
    `Run ${settle.runId} died without being taken back. Nothing was changed. Start the state machine rollback with {"runId": "${settle.runId}"} (or wait for the schedule, which does so within 15 minutes), then invoke ${manual.step} again.`,
  );
}

async function openManual(runtime: Runtime, turn: Turn, manual: ManualStep): Promise<Run> {
  const unfinished = await findUnfinished(runtime, manual.step);
  if (unfinished === undefined) return beginManual(runtime, turn, manual);
  await untilHeldRunIsQuiet(runtime, unfinished);
  const resumed = await resumeRun(runtime.ledger, unfinished, holderOf(runtime, turn, unfinished.runId));
  if (resumed === undefined) return beginManual(runtime, turn, manual);
  // Asked again under the lock: from here on nobody else can commit.
  if ((await listReliants(runtime.ledger, resumed.runId)).length === 0) return resumed;
  await closeManual(runtime, resumed, 'HELD', {});
  return beginManual(runtime, turn, manual);
}

async function closeManual(
  runtime: Runtime,
  run: Run,
  to: 'SUCCEEDED' | 'HELD',
  facts: Partial<Pick<Run, 'failure' | 'details'>>,
): Promise<void> {
  const finishedAt = new Date(runtime.clock.now()).toISOString();
  const writer = `close:${run.runId}:${runtime.clock.now()}`;
  const reliance =
    to === 'SUCCEEDED' ? await noteAlone(runtime, run, finishedAt) : { facts: {}, actions: [] };
  const change = {
    run,
    to,
    lock: 'release',
    writer,
    facts: { ...facts, ...reliance.facts, finishedAt },
  } as const;
  await transition(runtime.ledger, change, reliance.actions);
}

/** A step called alone relies on earlier runs as a whole run does. */
async function noteAlone({ ledger }: Runtime, { runId }: Run, committedAt: string) {
  const tables = await listTables(ledger, runId);
  const shards = await listShards(ledger, runId, 'MigrateProducts');
  return noteReliance(ledger, { runId, committedAt }, { tables, shards });
}

const lastLine = (run: Run, step: string, done: boolean): string =>
  done
    ? `${step} is complete.`
    : `Time was short: invoke ${step} again and it goes on where it stopped. To take back what it has done so far, start the rollback state machine with {"runId": "${run.runId}"}.`;

/**
 * Runs one step alone, under a run of its own and the lock. Nothing stays locked afterwards: a step that was
 * short of time, or failed, leaves a HELD run without lock, which the next call of the same step goes on with.
 *
 * @throws LockHeldError when a run has the source table; what `work` throws, after the run is noted as HELD.
 */
export async function withManualRun(
  runtime: Runtime,
  turn: Turn,
  manual: ManualStep,
): Promise<ManualOutcome> {
  const run = await openManual(runtime, turn, manual);
  try {
    const { done, result } = await manual.work(run);
    await closeManual(runtime, run, done ? 'SUCCEEDED' : 'HELD', { details: { ...run.details, ...result } });
    return { done, runId: run.runId, message: lastLine(run, manual.step, done), result };
  } catch (error) {
    const { name, message } = errorSummary(error);
    await closeManual(runtime, run, 'HELD', { failure: { error: name, cause: message } });
    throw error;
  }
}
