import { actualCost } from '../cost/actual.ts';
import { estimateRun } from '../cost/estimate.ts';
import { sizeOfPlan } from '../cost/run-size.ts';
import { RUN_LAYOUT } from '../files/layout.ts';
import { attemptsOf } from '../ledger/attempt.ts';
import { newestControls } from '../ledger/control.ts';
import { isRestore, type Run } from '../ledger/run.ts';
import type { RunRecords } from '../ledger/run-records.ts';
import type { TableRecord } from '../ledger/table-record.ts';
import type { DriftKeys, KeySamples, Report, ReportedFailure, ReportStatus, UntoldReport } from './report.ts';
import { endingOf, isBehind } from './ending.ts';
import { nextStepOf } from './next-step.ts';
import { summaryOf } from './outcome.ts';
import type { Runtime } from '../runtime.ts';
import { countOver, countOverAll, type Shards } from './count-shards.ts';
import {
  countsInPlace,
  filledOfReport,
  reportedVerification,
  rolledBackCounts,
  uncountedTables,
  warningsOf,
} from './report-counts.ts';
import { reportedEngine } from './report-bulk.ts';
import { namedSamples, quarantineOf } from './report-samples.ts';
import { type FoundTables, reportedTable } from './report-tables.ts';
import { timingsOf } from './report-timings.ts';
import { restoredCounts } from './restored-counts.ts';
import { filledTablesOf } from '../tables/run-tables.ts';

/** What the ledger holds of a run besides the run itself. */
export type RunLedger = Pick<RunRecords, 'shards' | 'tables'>;

/** How the run ended, beyond what the ledger says. */
export interface RunEnd {
  readonly status: ReportStatus;
  readonly failure: ReportedFailure | null;
  /** Epoch milliseconds. */
  readonly finishedAt: number;
  /** What is there now of the run's tables. */
  readonly found: FoundTables;
}

/** Builds a run's report from its ledger. Reads nothing itself, so that the report is the same whenever it is built. */
export function buildReport(runtime: Runtime, run: Run, ledger: RunLedger, end: RunEnd): Report {
  const report = untoldReport(runtime, run, ledger, end);
  const { failure, status } = end;
  const ending = { ...endingOf(run, status), isBehind: isBehind(report) };
  const nextStep = failure?.nextStep ?? nextStepOf(ending, runtime.config) ?? null;
  return { ...report, summary: summaryOf(report), nextStep };
}

function untoldReport(runtime: Runtime, run: Run, ledger: RunLedger, end: RunEnd): UntoldReport {
  const { shards, tables } = ledger;
  const { backup, rehearsal } = run;
  const runTables = filledTablesOf(runtime, run);
  const of = { run, status: end.status, shards, filled: runTables.map(({ name }) => name) };
  const reported = tables.flatMap(
    (table) => reportedTable(table, end.found.get(table.name) ?? 'unknown', of) ?? [],
  );
  const rolledBack = rolledBackCounts(run, shards);
  const { workedSeconds, ...attempts } = attemptsOf(run, end.finishedAt) ?? {};
  const filled = filledOfReport(runtime, run, { reported, records: tables });
  const uncounted = uncountedTables(run, shards, filled);
  const migrated = countsInPlace(shards, filled, rolledBack);
  const quarantined = rehearsal?.quarantined ?? countOver(shards, 'TransformProducts', 'quarantined');
  return {
    runId: run.runId,
    kind: run.kind,
    ...(run.step === undefined ? {} : { step: run.step }),
    status: end.status,
    nouns: runtime.migration.nouns,
    source: {
      table: run.sourceTable,
      products: backup?.items ?? countOver(shards, 'BackupProducts', 'items'),
      bytes: backup?.bytes ?? countOver(shards, 'BackupProducts', 'bytes'),
      ...expiringItems(run, shards),
    },
    backup:
      backup === undefined
        ? null
        : { backupId: backup.backupId, uri: backup.uri, files: backup.files, items: backup.items },
    tables: reported.map((table) => (uncounted.has(table.name) ? { ...table, uncounted: true } : table)),
    migrated: { ...migrated, quarantined },
    verification: reportedVerification(run, shards) ?? null,
    consumed: {
      readUnits: countOverAll(shards, 'readUnits') + lookReadUnits(tables),
      writeUnits: countOverAll(shards, 'writeUnits'),
    },
    cost: costs(runtime, run, ledger),
    startedAt: run.startedAt,
    finishedAt: new Date(end.finishedAt).toISOString(),
    durationSeconds: workedSeconds ?? (end.finishedAt - Date.parse(run.startedAt)) / 1000,
    failure: end.failure,
    reportUri: `s3://${runtime.bucket}/${RUN_LAYOUT.report(run.runId)}`,
    executionArn: run.executionArn,
    parameters: run.parameters,
    warnings: warningsOf(run, uncounted),
    ...(rehearsal === undefined ? {} : { rehearsal }),
    ...(quarantined === 0
      ? {}
      : {
          quarantine: quarantineOf(shards),
          quarantineUri: `s3://${runtime.bucket}/${RUN_LAYOUT.quarantinePrefix(run.runId)}`,
        }),
    mismatches: namedSamples(shards, {
      missing: 'missing',
      different: 'different',
      extra: 'extra',
      changedSince: 'changedSince',
      keptChanged: 'keptChanged',
      keptTooLarge: 'keptTooLarge',
      presentDifferent: 'presentDifferent',
      staleVariants: 'staleVariants',
      outdated: 'outdated',
      removedAtSource: 'removedAtSource',
    }) satisfies KeySamples,
    driftKeys: namedSamples(shards, {
      added: 'driftAdded',
      changed: 'driftChanged',
      removed: 'driftRemoved',
    }) satisfies DriftKeys,
    ...(rolledBack === undefined ? {} : { rolledBack }),
    throttles: countOverAll(shards, 'throttles'),
    timings: timingsOf(shards),
    ...(run.opening === undefined ? {} : { opening: run.opening }),
    ...(run.protection === undefined ? {} : { protection: run.protection }),
    ...(run.reliesOn === undefined ? {} : { reliesOn: run.reliesOn }),
    ...attempts,
    ...newestControls(run),
    ...(run.details === undefined ? {} : { details: run.details }),
    ...(isRestore(run) && end.status === 'SUCCEEDED' ? { restored: restoredCounts(run, ledger) } : {}),
    ...reportedEngine(runtime, run, shards),
  };
}

/** What a roll back was charged for looking into tables. */
export function lookReadUnits(tables: readonly TableRecord[]): number {
  return tables.reduce((sum, { lookReadUnits: units = 0 }) => sum + units, 0);
}

function costs(runtime: Runtime, run: Run, { shards, tables }: RunLedger): Report['cost'] {
  const { plan, rehearsal, backup } = run;
  const { migration, config } = runtime;
  const { region } = config;
  const { unpricedClass, sourceBilling } = plan;
  // The plan of a restore is not that of a migration, and what estimated it is not in the ledger.
  const estimated = isRestore(run) ? {} : estimateRun(sizeOfPlan(plan, { region, rehearsal, migration }));
  const files = backup?.files ?? 0;
  return {
    estimated,
    actual: actualCost({
      region,
      unpricedClass,
      sourceBilling,
      shards: [...shards.values()].flat(),
      lookReadUnits: lookReadUnits(tables),
      files,
    }),
  };
}

function expiringItems({ plan }: Run, shards: Shards): Pick<Report['source'], 'timeToLive'> {
  const { timeToLiveAttribute: attribute } = plan;
  if (attribute === undefined) return {};
  const count = (counter: string): number => countOver(shards, 'TransformProducts', counter);
  return { timeToLive: { attribute, expiring: count('expiring'), expired: count('expired') } };
}
