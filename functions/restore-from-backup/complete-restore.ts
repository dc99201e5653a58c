import { readManifest } from '../shared/files/backup-catalog.ts';
import type { MigrationManifest } from '../shared/files/manifests.ts';
import { buildReport, readRunLedger } from '../shared/runs/build-report.ts';
import { committedFence } from '../shared/ledger/committed-fence.ts';
import { RunClosedError } from '../shared/errors.ts';
import { raiseFence } from '../shared/ledger/fence.ts';
import { finishOpening } from '../shared/runs/finish-opening.ts';
import { noteReliance } from '../shared/ledger/reliance.ts';
import { readRun, type Run } from '../shared/ledger/run.ts';
import { warnRun } from '../shared/ledger/run-update.ts';
import { transition } from '../shared/ledger/transition.ts';
import { publishReport } from '../shared/runs/publish-report.ts';
import { untilQuiet } from '../shared/ledger/quiet.ts';
import type { Report } from '../shared/runs/report.ts';
import { lookAtTables } from '../shared/runs/report-tables.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { RunStepInput } from '../shared/state.ts';
import { judgeRestore, readRestoreFacts } from './judge-restore.ts';
import type { RestoredCounts } from '../shared/runs/reported-counts.ts';
import { restoredCounts } from '../shared/runs/restored-counts.ts';
import { orderOf } from '../shared/runs/restore-order.ts';
import { restoreSettings } from './restore-settings.ts';

/** The report of a restore: the output of the `restore` machine. */
export interface RestoreReport extends Report {
  readonly restored: RestoredCounts;
}

/** Sets tags, time to live and billing of a table that this run created. What could not be set becomes a warning. */
export async function finishSettings(runtime: Runtime, run: Run, manifest: MigrationManifest): Promise<Run> {
  const { targetTable } = orderOf(run);
  const ledger = await readRunLedger(runtime, run.runId);
  const record = ledger.tables.find(({ name }) => name === targetTable);
  if (record?.outcome !== 'CREATED' || record.tableArn === undefined) return run;
  const { expired } = restoredCounts(run, ledger);
  const status = run.kind === 'manual' ? 'RUNNING' : 'SUCCEEDED';
  const check = committedFence(runtime, { runId: run.runId, status });
  const scope = {
    tableName: targetTable,
    tableArn: record.tableArn,
    backedUp: manifest.table,
    expired,
    check,
  };
  await warnRun(runtime.ledger, run, await restoreSettings(runtime, scope));
  return readRun(runtime.ledger, run.runId);
}

async function commit(runtime: Runtime, run: Run, manifest: MigrationManifest): Promise<Run> {
  const ledger = await readRunLedger(runtime, run.runId);
  const verification = judgeRestore(await readRestoreFacts(runtime, { run, ledger, manifest }));
  const finishedAt = new Date(runtime.clock.now()).toISOString();
  const reliance = await noteReliance(
    runtime.ledger,
    { runId: run.runId, committedAt: finishedAt },
    { tables: ledger.tables, shards: [] },
  );
  const change = {
    run,
    to: 'SUCCEEDED',
    lock: 'release',
    writer: `complete:${run.executionArn}`,
    facts: { verification, finishedAt, opening: 'PENDING', ...reliance.facts },
  } as const;
  const committed = await transition(runtime.ledger, change, reliance.actions);
  if (committed !== undefined) return committed;
  throw new RunClosedError(`Run ${run.runId} was closed by somebody else before it could be committed.`);
}

async function afterCommit(runtime: Runtime, run: Run, manifest: MigrationManifest): Promise<RestoreReport> {
  const finished = await finishSettings(runtime, await finishOpening(runtime, run), manifest);
  return publishReport<RestoreReport>(runtime, run.runId, () => reportOf(runtime, finished));
}

async function reportOf(runtime: Runtime, run: Run): Promise<RestoreReport> {
  const ledger = await readRunLedger(runtime, run.runId);
  const finishedAt = Date.parse(run.finishedAt ?? run.startedAt);
  const found = await lookAtTables(runtime, run.runId, ledger.tables);
  const end = { status: 'SUCCEEDED', failure: null, finishedAt, found } as const;
  return { ...buildReport(runtime, run, ledger, end), restored: restoredCounts(run, ledger) };
}

/**
 * Judges, commits, opens a new table and gives it its settings, writes the report and returns it. If it is called again
 * after its commit, because an answer was lost, it repeats the rest and returns the same.
 *
 * @throws VerificationFailedError, RunClosedError; neither is retried. Before the commit the run is rolled back.
 */
export async function completeRestore(runtime: Runtime, input: RunStepInput): Promise<RestoreReport> {
  const { ledger, clock, objects } = runtime;
  const known = await readRun(ledger, input.runId);
  const manifest = await readManifest(objects, orderOf(known).backupId);
  if (known.status === 'SUCCEEDED' && known.executionArn === input.executionArn)
    return afterCommit(runtime, known, manifest);
  const { run } = await raiseFence({ ledger, clock, ...input });
  await untilQuiet(runtime, run);
  return afterCommit(runtime, await commit(runtime, run, manifest), manifest);
}
