import type { Run, RunKind } from '../../../functions/shared/ledger/run.ts';
import { splitMessage } from '../../../functions/shared/message.ts';
import type { ReportedFailure } from '../../../functions/shared/runs/report.ts';
import { buildSyncReport, type SyncReport } from '../../../functions/shared/runs/sync-report.ts';
import { type CompareResult, findCompareResult } from '../compare-result.ts';
import type { OperatorContext } from '../context.ts';
import { executionPath } from '../executions.ts';
import { failureOf } from '../fallback-report.ts';
import type { ExecutionEnd } from '../follow-run.ts';
import { presentShards } from '../progress.ts';
import { type Pictures, readRunRecord, type RunRecord } from '../run-record.ts';
import type { EndedSync } from '../../../functions/shared/runs/sync-outcome.ts';

/** What the page of a sync or a compare shows: its report, and the pictures' figures of its last execution. */
export interface SyncReportView extends EndedSync, Pictures {
  /** What the last execution has compared, and keys of each kind. */
  readonly result?: CompareResult | undefined;
  /** Of the service, for the commands. */
  readonly stage: string;
  /** Where the console of the embedded AWS is; absent on AWS. */
  readonly localConsole?: string | undefined;
}

export function isSyncView(
  view: Pictures & { readonly report: { readonly kind: RunKind } },
): view is SyncReportView {
  return view.report.kind === 'sync' || view.report.kind === 'compare';
}

/** Looks at a sync or a compare as it is now. */
export function lookAtSync(context: OperatorContext, run: Run): Promise<SyncReport> {
  const { ledger, bucket } = context;
  return buildSyncReport({ ledger, bucket, config: context }, run);
}

/** Everything that is known of a sync or a compare now. */
export async function syncView(
  context: OperatorContext,
  record: RunRecord,
  known: Partial<EndedSync> = {},
): Promise<SyncReportView> {
  const { run, shards } = record;
  const [report, way, result] = await Promise.all([
    known.report ?? lookAtSync(context, run),
    executionPath(context.sfn, run.executionArn).catch(() => ({ path: [] })),
    findCompareResult(context.ledger, run, run.executionArn),
  ]);
  const failure = known.failure === undefined ? recordedFailure(record) : known.failure;
  const { stage, endpoint: localConsole } = context;
  return { report, failure, result, ...way, shards: presentShards(run, shards), stage, localConsole };
}

/** Why a compare was given up, or what the execution that works on the sync has failed with. */
function recordedFailure({ run, failure }: RunRecord): ReportedFailure | null {
  const { error, cause, state } = run.failure ?? failure ?? {};
  if (error === undefined || cause === undefined) return null;
  const { said, nextStep } = splitMessage(cause);
  return {
    error,
    cause: said,
    ...(nextStep === undefined ? {} : { nextStep }),
    ...(state === undefined ? {} : { state }),
  };
}

/** What an execution of the machine `sync` has come to; `undefined`: it was refused before it had changed anything. */
export async function viewOfSyncEnd(
  context: OperatorContext,
  end: ExecutionEnd,
): Promise<SyncReportView | undefined> {
  const output = isSyncReport(end.output) ? end.output : undefined;
  const runId = output?.runId ?? end.runId;
  if (runId === undefined) return undefined;
  const record = await readRunRecord(context.ledger, runId);
  const failure = end.status === 'SUCCEEDED' ? null : failureOf(end);
  // What has become of the sync since is what the ledger says, whatever its execution had to say at its end.
  const isCurrent = output?.status === record.run.status;
  return syncView(context, record, { failure, ...(isCurrent ? { report: output } : {}) });
}

function isSyncReport(output: unknown): output is SyncReport {
  return typeof output === 'object' && output !== null && 'follows' in output && 'runId' in output;
}
