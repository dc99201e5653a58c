import { sourceTableName } from '../../functions/shared/tables/target-tables.ts';
import {
  nothingMigrated,
  type Report,
  type ReportedFailure,
  type ReportedTable,
  type ReportStatus,
} from '../../functions/shared/report.ts';
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
    TIMED_OUT: 'The execution ran into its time limit.',
  };
  const fallback =
    end.status === 'ABORTED' || end.status === 'TIMED_OUT' ? stopped[end.status] : 'No cause was given.';
  return { error: end.error ?? end.status, cause: said === '' ? fallback : said };
}

/** The report of an execution that ended before it had begun a run: bad input, no table, a held lock. */
export function reportWithoutRun(end: ExecutionEnd): Report {
  return {
    ...emptyReport(end.executionArn.slice(end.executionArn.lastIndexOf(':') + 1)),
    executionArn: end.executionArn,
    startedAt: end.startedAt.toISOString(),
    finishedAt: end.finishedAt.toISOString(),
    durationSeconds: (end.finishedAt.getTime() - end.startedAt.getTime()) / 1000,
    failure: failureOf(end),
    details: { begun: false },
  };
}

function emptyReport(runId: string): Report {
  return {
    runId,
    status: 'ROLLED_BACK',
    source: { table: sourceTableName, products: 0, bytes: 0 },
    backup: null,
    tables: [],
    migrated: nothingMigrated,
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

function endStatusOf({ runId, status }: RunRecord['run']): ReportStatus {
  if (status !== 'RUNNING' && status !== 'ROLLING_BACK') return status;
  const what = status === 'RUNNING' ? 'still running' : 'being taken back at the moment';
  throw new OperatorError(
    `Run ${runId} is ${what}; its report is written at its end. See how far it is with: npm run runs, or npm run follow -- ${runId}`,
  );
}

/**
 * What the ledger alone tells of a run whose report was never written, or is being written still.
 *
 * @throws OperatorError where the run has not ended.
 */
export function reportFromLedger(record: RunRecord, now: Date): Report {
  const { run, failure } = record;
  const finishedAt = run.finishedAt ?? now.toISOString();
  const found = run.failure ?? failure;
  return {
    ...emptyReport(run.runId),
    status: endStatusOf(run),
    source: {
      table: run.sourceTable,
      products: run.backup?.items ?? run.plan.estimatedProducts,
      bytes: run.backup?.bytes ?? run.plan.estimatedBytes,
    },
    backup: run.backup ?? null,
    tables: record.tables.map(tableOf),
    verification: run.verification ?? null,
    startedAt: run.startedAt,
    finishedAt,
    durationSeconds: (Date.parse(finishedAt) - Date.parse(run.startedAt)) / 1000,
    failure:
      found === undefined
        ? null
        : {
            error: found.error,
            cause: found.cause,
            ...(found.state === undefined ? {} : { state: found.state }),
          },
    executionArn: run.executionArn,
    parameters: run.parameters,
    warnings: ['No report of this run was found in the bucket; this page was made from the ledger.'],
    ...(run.rehearsal === undefined ? {} : { rehearsal: run.rehearsal }),
  };
}

function tableOf({ name, outcome, remark }: RunRecord['tables'][number]): ReportedTable {
  return {
    name,
    outcome: outcome === 'INTENT' ? 'KEPT' : outcome,
    ...(remark === undefined ? {} : { remark }),
  };
}
