import { migration } from '#migration/index.ts';
import { commandsOf, type StagePlace, stepText } from '../../functions/shared/commands.ts';
import { REFUSED } from './exit-codes.ts';
import { attemptsOf } from '../../functions/shared/ledger/attempt.ts';
import { newestControls } from '../../functions/shared/ledger/control.ts';
import { isSyncStatus } from '../../functions/shared/ledger/sync-facts.ts';
import { isRestore, type RunKind } from '../../functions/shared/ledger/run.ts';
import { splitMessage } from '../../functions/shared/message.ts';
import { typedInput } from '../../functions/shared/runs/again-input.ts';
import { lookReadUnits } from '../../functions/shared/runs/build-report.ts';
import { countOver, countOverAll } from '../../functions/shared/runs/count-shards.ts';
import { type Ending, endingOf, isOrdered } from '../../functions/shared/runs/ending.ts';
import { nextStepOf } from '../../functions/shared/runs/next-step.ts';
import { summaryOf } from '../../functions/shared/runs/outcome.ts';
import { executionNameOf } from '../../functions/shared/names.ts';
import {
  countsInPlace,
  filledOfReport,
  reportedVerification,
  rolledBackCounts,
  uncountedTables,
  warningsOf,
} from '../../functions/shared/runs/report-counts.ts';
import { type FoundTables, reportedTable } from '../../functions/shared/runs/report-tables.ts';
import type {
  Report,
  ReportedFailure,
  ReportStatus,
  UntoldReport,
} from '../../functions/shared/runs/report.ts';
import { NOTHING_MIGRATED } from '../../functions/shared/runs/reported-counts.ts';
import { quarantineOf } from '../../functions/shared/runs/report-samples.ts';
import { restoredCounts } from '../../functions/shared/runs/restored-counts.ts';
import { filledTablesOf } from '../../functions/shared/tables/run-tables.ts';
import type { ExecutionEnd } from './follow-run.ts';
import { OperatorError } from './operator-error.ts';
import type { RunRecord } from './run-record.ts';

/** Lambda's error payload, as Step Functions puts it into a Cause. */
const payloadMessage = /"errorMessage":\s*(?<text>"(?:[^"\\]|\\.)*")/;

/** What an execution says of its failure. */
export function failureOf(end: Pick<ExecutionEnd, 'status' | 'error' | 'cause'>): ReportedFailure {
  const cause = end.cause ?? '';
  const text = payloadMessage.exec(cause)?.groups?.['text'];
  const said = text === undefined ? cause : String(JSON.parse(text));
  const stopped = {
    ABORTED: 'The execution was stopped.',
    TIMED_OUT: 'The execution reached its time limit.',
  };
  const fallback =
    end.status === 'ABORTED' || end.status === 'TIMED_OUT' ? stopped[end.status] : 'No cause was given.';
  const { said: reason, nextStep } = splitMessage(said === '' ? fallback : said);
  return { error: end.error ?? end.status, cause: reason, ...(nextStep === undefined ? {} : { nextStep }) };
}

/** A stage, and the table that its deployment reads. */
interface DeployedPlace extends StagePlace {
  readonly sourceTable: string;
}

/** The report of an execution that ended before it had begun a run: bad input, no table, a held lock. */
export function reportWithoutRun(end: ExecutionEnd, place: DeployedPlace): Report {
  const runId = executionNameOf(end.executionArn);
  const failure = failureOf(end);
  const ending = refusedEnding(end, failure);
  const report = {
    ...emptyReport(runId, kindOf(end)),
    source: { ...NOTHING_READ, table: place.sourceTable },
    executionArn: end.executionArn,
    startedAt: end.startedAt.toISOString(),
    finishedAt: end.finishedAt.toISOString(),
    durationSeconds: (end.finishedAt.getTime() - end.startedAt.getTime()) / 1000,
    failure,
  };
  return { ...report, summary: summaryOf(report), nextStep: nextStepOf(ending, place) ?? null };
}

function refusedEnding(
  { executionArn, machine, input = '{}' }: ExecutionEnd,
  failure: ReportedFailure,
): Ending {
  return {
    status: 'REFUSED',
    runId: executionNameOf(executionArn),
    isRestore: machine === 'restore',
    error: failure.error,
    ownStep: failure.nextStep,
    again: typedInput(JSON.parse(input)),
  };
}

const kindOf = ({ machine }: ExecutionEnd): RunKind => (machine === 'rollback' ? 'migrate' : machine);

const NOTHING_READ = { products: 0, bytes: 0 } as const;

function emptyReport(runId: string, kind: RunKind): UntoldReport {
  return {
    runId,
    kind,
    status: 'REFUSED',
    nouns: migration.nouns,
    source: { ...NOTHING_READ, table: migration.source.name },
    backup: null,
    tables: [],
    migrated: NOTHING_MIGRATED,
    verification: null,
    consumed: { readUnits: 0, writeUnits: 0 },
    cost: { estimated: {}, actual: {} },
    startedAt: '',
    finishedAt: '',
    durationSeconds: 0,
    failure: null,
    reportUri: null,
  };
}

function endStatusOf({ runId, status }: RunRecord['run'], place: StagePlace): ReportStatus {
  if (status !== 'RUNNING' && status !== 'ROLLING_BACK' && !isSyncStatus(status)) return status;
  const what = status === 'RUNNING' ? 'still running' : 'being rolled back at the moment';
  throw new OperatorError(
    `Run ${runId} is ${what}; its report is written at its end.`,
    REFUSED,
    stepText(['Follow it', commandsOf(place).follow(runId)]),
  );
}

/** What a report from the ledger needs beside it. */
export interface LedgerView {
  readonly now: Date;
  /** What is there now of the run's tables. */
  readonly found: FoundTables;
  readonly place: StagePlace;
}

/** For a run that began before its prefix was noted. */
const withoutPrefix = { migration, config: { tablePrefix: '' } };

/**
 * What the ledger alone tells of a run whose report was never written, or is being written still.
 *
 * @throws OperatorError where the run has not ended.
 */
export function reportFromLedger(record: RunRecord, view: LedgerView): Report {
  const report = untoldReport(record, view);
  const nextStep = nextStepOf(endingOf(record.run, report.status), view.place) ?? null;
  return { ...report, summary: summaryOf(report), nextStep };
}

function untoldReport(record: RunRecord, { now, found, place }: LedgerView): UntoldReport {
  const { run, failure, shards } = record;
  const status = endStatusOf(run, place);
  const filled = filledTablesOf(withoutPrefix, run).map(({ name }) => name);
  const of = { run, status, shards, filled };
  const tables = record.tables.flatMap(
    (table) => reportedTable(table, found.get(table.name) ?? 'unknown', of) ?? [],
  );
  const rolledBack = rolledBackCounts(run, shards);
  const finishedAt = run.finishedAt ?? now.toISOString();
  const reason = hasSucceeded(run) ? undefined : (run.failure ?? failure);
  const filledTables = filledOfReport(withoutPrefix, run, { reported: tables, records: record.tables });
  const uncounted = uncountedTables(run, shards, filledTables);
  const { workedSeconds, ...attempts } = attemptsOf(run, now.getTime()) ?? {};
  return {
    ...emptyReport(run.runId, run.kind),
    ...(run.step === undefined ? {} : { step: run.step }),
    status,
    source: {
      table: run.sourceTable,
      products: run.backup?.items ?? countOver(shards, 'BackupProducts', 'items'),
      bytes: run.backup?.bytes ?? countOver(shards, 'BackupProducts', 'bytes'),
    },
    consumed: {
      readUnits: countOverAll(shards, 'readUnits') + lookReadUnits(record.tables),
      writeUnits: countOverAll(shards, 'writeUnits'),
    },
    backup: run.backup ?? null,
    tables: tables.map((table) => (uncounted.has(table.name) ? { ...table, uncounted: true } : table)),
    migrated: {
      ...countsInPlace(shards, filledTables, rolledBack),
      quarantined: run.rehearsal?.quarantined ?? countOver(shards, 'TransformProducts', 'quarantined'),
    },
    quarantine: quarantineOf(shards),
    verification: reportedVerification(run, shards) ?? null,
    startedAt: run.startedAt,
    finishedAt,
    durationSeconds: workedSeconds ?? (Date.parse(finishedAt) - Date.parse(run.startedAt)) / 1000,
    ...attempts,
    failure:
      reason === undefined
        ? null
        : {
            error: reason.error,
            cause: splitMessage(reason.cause).said,
            ...(reason.state === undefined ? {} : { state: reason.state }),
          },
    executionArn: run.executionArn,
    parameters: run.parameters,
    warnings: [
      'No report of the end of this run was found in the bucket. This one was made from the ledger.',
      ...warningsOf(run, uncounted),
    ],
    ...newestControls(run),
    ...(rolledBack === undefined ? {} : { rolledBack }),
    ...(run.rehearsal === undefined ? {} : { rehearsal: run.rehearsal }),
    ...(isRestore(run) && status === 'SUCCEEDED'
      ? { restored: restoredCounts(run, { shards, tables: record.tables }) }
      : {}),
  };
}

/** What a run was held for before it was resumed is no failure of it, nor is a roll back that somebody asked for. */
const hasSucceeded = (run: RunRecord['run']): boolean =>
  run.status === 'SUCCEEDED' || run.status === 'PLANNED' || (run.status === 'ROLLED_BACK' && isOrdered(run));
