import { readManifest } from '../shared/files/backup-catalog.ts';
import type { MigrationManifest } from '../shared/files/manifests.ts';
import { buildReport, type RunLedger } from '../shared/runs/build-report.ts';
import { committedFence } from '../shared/ledger/committed-fence.ts';
import { RunClosedError } from '../shared/errors.ts';
import { assertOpen, isCommittedBy } from '../shared/ledger/fence.ts';
import { finishOpening } from '../shared/runs/finish-opening.ts';
import { noteReliance } from '../shared/ledger/reliance.ts';
import type { Run } from '../shared/ledger/run.ts';
import { readRecords, type RunRecords } from '../shared/ledger/run-records.ts';
import { noteSettings, warnRun } from '../shared/ledger/run-update.ts';
import { countOver } from '../shared/runs/count-shards.ts';
import { transition } from '../shared/ledger/transition.ts';
import { publishReport } from '../shared/runs/publish-report.ts';
import { untilQuiet } from '../shared/ledger/quiet.ts';
import type { Report } from '../shared/runs/report.ts';
import { lookAtTables } from '../shared/runs/report-tables.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { RunStepInput } from '../shared/state.ts';
import { judgeRestore, readRestoreFacts } from './judge-restore.ts';
import type { RestoredCounts } from '../shared/runs/reported-counts.ts';
import { restoredCounts, restoredTableIn } from '../shared/runs/restored-counts.ts';
import { orderOf } from '../shared/runs/restore-order.ts';
import { expiryWarnings, restoreSettings } from './restore-settings.ts';
import { unconfirmedWarnings } from './unconfirmed-settings.ts';

/** The report of a restore: the output of the `restore` machine. */
export interface RestoreReport extends Report {
  readonly restored: RestoredCounts;
}

/**
 * Sets tags, time to live and billing of a table that this run created. What could not be set becomes a warning, in place
 * of those that the commit noted.
 */
export async function finishSettings(
  runtime: Runtime,
  { run, ledger }: { readonly run: Run; readonly ledger: RunLedger },
  manifest: MigrationManifest,
): Promise<void> {
  const { targetTable } = orderOf(run);
  const record = restoredTableIn(ledger.tables, run);
  if (record?.outcome !== 'CREATED' || record.tableArn === undefined) return;
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
  await noteSettings(runtime.ledger, run, await restoreSettings(runtime, scope));
}

/**
 * What the commit notes, so that every report names the settings of a new table even if nobody lives to set them. Nothing
 * for an existing table, which keeps its own.
 */
function unconfirmedFacts(
  runtime: Runtime,
  { run, ledger }: { readonly run: Run; readonly ledger: RunLedger },
  { table: backedUp }: MigrationManifest,
): Pick<Run, 'unconfirmedSettings'> {
  const { mode, targetTable: tableName, backupId, expired } = restoredCounts(run, ledger);
  if (mode === 'EXISTING') return {};
  return { unconfirmedSettings: unconfirmedWarnings(runtime, { tableName, backedUp, expired, backupId }) };
}

/** Of an existing table, which keeps its time to live. A new one has none while anything in it has expired. */
export async function warnOfExpiry(
  { ledger: table }: Runtime,
  { run, ledger }: { readonly run: Run; readonly ledger: RunLedger },
): Promise<void> {
  const { mode, targetTable: tableName, expired } = restoredCounts(run, ledger);
  if (mode === 'NEW') return;
  const gone = countOver(ledger.shards, 'VerifyRestore', 'expired');
  await warnRun(table, run, expiryWarnings({ tableName, expired, gone }));
}

async function commit(
  runtime: Runtime,
  { run, ...ledger }: RunRecords,
  manifest: MigrationManifest,
): Promise<Run> {
  const verification = judgeRestore(await readRestoreFacts(runtime, { run, ledger, manifest }));
  await warnOfExpiry(runtime, { run, ledger });
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
    facts: {
      verification,
      finishedAt,
      opening: 'PENDING',
      ...unconfirmedFacts(runtime, { run, ledger }, manifest),
      ...reliance.facts,
    },
  } as const;
  const committed = await transition(runtime.ledger, change, reliance.actions);
  if (committed !== undefined) return committed;
  throw new RunClosedError(`Run ${run.runId} was closed by somebody else before it could be committed.`);
}

async function afterCommit(
  runtime: Runtime,
  committed: { readonly run: Run; readonly ledger: RunLedger },
  manifest: MigrationManifest,
): Promise<RestoreReport> {
  const { run, ledger } = committed;
  await finishOpening(runtime, run, ledger.tables);
  await finishSettings(runtime, committed, manifest);
  return publishReport<RestoreReport>(runtime, run, () => reportOf(runtime, run.runId));
}

async function reportOf(runtime: Runtime, runId: string): Promise<RestoreReport> {
  const { run, ...ledger } = await readRecords(runtime.ledger, runId);
  const finishedAt = Date.parse(run.finishedAt ?? run.startedAt);
  const found = await lookAtTables(runtime, runId, ledger.tables);
  const end = { status: 'SUCCEEDED', failure: null, finishedAt, found } as const;
  return { ...buildReport(runtime, run, ledger, end), restored: restoredCounts(run, ledger) };
}

/**
 * Judges, commits, opens a new table and gives it its settings, writes the report and returns it. If it is called again
 * after its commit, because an answer was lost, it repeats the rest and returns the same.
 *
 * @throws VerificationFailedError, BackupDamagedError, RunClosedError; none is retried. Before the commit the run is rolled
 *   back.
 */
export async function completeRestore(runtime: Runtime, input: RunStepInput): Promise<RestoreReport> {
  const known = await readRecords(runtime.ledger, input.runId);
  const manifest = await readManifest(runtime.objects, orderOf(known.run).backupId);
  if (isCommittedBy(known.run, input))
    return afterCommit(runtime, { run: known.run, ledger: known }, manifest);
  assertOpen(known.run, input.executionArn);
  // Where it is quiet, nothing writes there any more: the run is judged by what this look has found.
  const quiet = await untilQuiet(runtime, input, known);
  // Another call of this step may have committed meanwhile.
  if (isCommittedBy(quiet.run, input))
    return afterCommit(runtime, { run: quiet.run, ledger: quiet }, manifest);
  assertOpen(quiet.run, input.executionArn);
  const committed = await commit(runtime, quiet, manifest);
  return afterCommit(runtime, { run: committed, ledger: quiet }, manifest);
}
