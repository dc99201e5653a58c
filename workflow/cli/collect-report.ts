import { migration } from '#migration/index.ts';
import type { StagePlace } from '../../functions/shared/commands.ts';
import { objectStore } from '../../functions/shared/aws/object-store.ts';
import { RUN_LAYOUT } from '../../functions/shared/files/layout.ts';
import { endingOf } from '../../functions/shared/runs/ending.ts';
import { nextStepOf } from '../../functions/shared/runs/next-step.ts';
import { summaryOf } from '../../functions/shared/runs/outcome.ts';
import { lookAtTables } from '../../functions/shared/runs/report-tables.ts';
import { isOfSync } from '../../functions/shared/ledger/run.ts';
import type { Report } from '../../functions/shared/runs/report.ts';
import type { OperatorContext } from './context.ts';
import { deployedSource } from './deployed-variables.ts';
import { reportFromLedger, reportWithoutRun } from './fallback-report.ts';
import type { ExecutionEnd } from './follow-run.ts';
import { type Pictures, type RunRecord, readRunRecord } from './run-record.ts';
import { runWay } from './run-path.ts';
import { syncView, type SyncReportView } from './sync/collect-sync.ts';

/** Everything a report shows: the run's own account, and the pictures' figures. */
export interface ReportView extends Pictures {
  readonly report: Report;
  /** Of the deployment. */
  readonly stage: string;
  /** Where the console of the embedded AWS is; absent on AWS, and where nothing answers any more. */
  readonly localConsole?: string | undefined;
}

/** What is known of an execution that has just ended. */
export async function reportOfExecution(context: OperatorContext, end: ExecutionEnd): Promise<ReportView> {
  const { stage, endpoint: localConsole } = context;
  if (end.runId === undefined) {
    const way = await runWay(context, undefined, end.executionArn);
    const sourceTable = await deployedSource(context);
    return {
      report: reportWithoutRun(end, { ...context, sourceTable }),
      ...way,
      shards: new Map(),
      stage,
      localConsole,
    };
  }
  const record = await readRunRecord(context.ledger, end.runId);
  // A run that was rolled back since is what the ledger says, whatever its execution had to say at its end.
  const isCurrent = isReport(end.output) && end.output.status === record.run.status;
  const report = isCurrent ? readReport(record, end.output, context) : await storedReport(context, record);
  const way = await runWay(context, report.attempts, end.executionArn);
  return { report, ...way, shards: record.shards, stage, localConsole };
}

/** Reports of earlier versions have none of these. */
type NewFields = 'kind' | 'nouns' | 'summary' | 'nextStep';
type WrittenReport = Omit<Report, NewFields> & Partial<Pick<Report, NewFields>>;

const isReport = (output: unknown): output is WrittenReport =>
  typeof output === 'object' && output !== null && 'runId' in output && 'status' in output;

/** `report.json` of the bucket, or a report made from the ledger if there is none. */
async function storedReport(context: OperatorContext, record: RunRecord): Promise<Report> {
  const stored = await objectStore(context.s3, context.bucket).get(RUN_LAYOUT.report(record.run.runId));
  const report = stored && reportOfNow(record, JSON.parse(stored.body.toString()) as unknown);
  if (report !== undefined) return readReport(record, report, context);
  const { run, tables } = record;
  const found = await lookAtTables({ clients: { tables: context.dynamo } }, run.runId, tables);
  return reportFromLedger(record, { now: new Date(), found, place: context });
}

/** What the bucket has, unless the run has gone on since: then that is the report of an earlier end. */
export const reportOfNow = ({ run }: Pick<RunRecord, 'run'>, stored: unknown): WrittenReport | undefined =>
  isReport(stored) && stored.status === run.status ? stored : undefined;

/** What is known of a run, whenever it was. */
export async function reportOfRun(
  context: OperatorContext,
  runId: string,
): Promise<ReportView | SyncReportView> {
  const record = await readRunRecord(context.ledger, runId);
  if (isOfSync(record.run)) return syncView(context, record);
  const report = await storedReport(context, record);
  const way = await runWay(context, report.attempts, record.run.executionArn);
  return { report, ...way, shards: record.shards, stage: context.stage, localConsole: context.endpoint };
}

/** The report as this version knows it. What an earlier one has left out, the run's record says. */
export function readReport(
  { run }: Pick<RunRecord, 'run'>,
  written: WrittenReport,
  place: StagePlace,
): Report {
  const kind = written.kind ?? run.kind;
  const { nouns = migration.nouns } = written;
  const report = { ...written, kind, nouns, ...(run.step !== undefined && { step: run.step }) };
  const step = report.failure?.nextStep ?? nextStepOf(endingOf(run, report.status), place) ?? null;
  const { summary = summaryOf(report), nextStep = step } = report;
  return { ...report, summary, nextStep };
}
