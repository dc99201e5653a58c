import { buildReport, readRunLedger } from '../shared/build-report.ts';
import { RunClosedError } from '../shared/errors.ts';
import { finishOpening } from '../shared/finish-opening.ts';
import { runLayout } from '../shared/backup/layout.ts';
import { readRun, type Run } from '../shared/ledger/run.ts';
import { transition } from '../shared/ledger/transition.ts';
import { publishReport } from '../shared/publish-report.ts';
import type { Report, ReportStatus } from '../shared/report.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { RollBackTurn } from '../shared/state.ts';
import type { ReadableFailure } from '../shared/caught-failure.ts';
import { cut } from '../shared/text.ts';

/** How the taking back went. */
export interface TakeBackResult {
  /** One sentence for each thing that is still there and should not be. */
  readonly remaining: readonly string[];
  readonly remainingTables: readonly string[];
}

/** Step Functions takes causes of 32,768 characters; a console shows far fewer well. */
const maxCauseBytes = 4_000;

function afterRollBack({ kind, failure }: Run): string {
  if (kind === 'restore')
    return 'Correct the cause, then start the restore again; {"backupId": "<id>"} takes another backup (npm run backups lists them).';
  if (failure?.error === 'RolledBackByOperator') return 'To migrate again, start again with {}.';
  return 'Correct the cause, then start again with {}.';
}

const nextSteps: Readonly<Record<ReportStatus, (run: Run) => string>> = {
  ROLLED_BACK: afterRollBack,
  HELD: ({ runId, failure, rehearsal }) => {
    const takeBack = `take it back by starting the rollback state machine with {"runId": "${runId}"}`;
    if (failure?.error === 'TooManyQuarantinedError')
      return `Go on without these products with {"resume": "${runId}", "maxQuarantined": ${rehearsal?.quarantined ?? 1}}; or ${takeBack}, correct them, and start again with {}.`;
    return failure?.error === 'VerificationFailedError'
      ? `Resuming compares again, and fails again while an item that the report names is not as the migration wrote it. Take the run back by starting the rollback state machine with {"runId": "${runId}"} (a table with changes of the shop's is kept), then start again with {}.`
      : `Go on with {"resume": "${runId}"}, or ${takeBack}.`;
  },
  ROLLBACK_FAILED: ({ runId }) =>
    `Remove what remains by hand, or start the rollback state machine again with {"runId": "${runId}"}.`,
  SUCCEEDED: () => '',
  PLANNED: () => '',
};

/** What a restore has put into a table that was there stays: each item of it was missing. */
const existedText = ({ kind }: Run): string =>
  kind === 'restore'
    ? 'there before, with what the restore has put back so far'
    : 'untouched, as it was there before';

function tablesText(run: Run, { tables }: Report): string {
  const named = (outcome: string): string =>
    tables
      .filter((table) => table.outcome === outcome)
      .map(({ name, remark }) => (remark === undefined ? name : `${name} (${remark})`))
      .join(', ');
  const parts = [
    ['taken away', named('DELETED')],
    [existedText(run), named('EXISTED')],
    ['kept', named('KEPT')],
    ['left in place', named('CREATED')],
  ].filter(([, names]) => names !== '');
  return parts.length === 0
    ? 'No table had been created.'
    : `Tables: ${parts.map(([what, names]) => `${what}: ${names}`).join('; ')}.`;
}

/** A sentence ends like one, so that the next can follow. */
const sentence = (text: string): string => (/[.!?)]$/.test(text) ? text : `${text}.`);

/** A restore may have been allowed to fill up the source; nothing else ever writes there. */
const sourceText = (run: Run): string =>
  run.kind === 'restore' ? '' : ` Table ${run.sourceTable} was not written to.`;

function causeText(run: Run, report: Report, result: TakeBackResult): string {
  const { failure, backup, reportUri, status } = report;
  const remains =
    result.remaining.length === 0
      ? ''
      : ` Still there: ${result.remaining.join(' | ')}. Finish by hand: ${result.remainingTables.map((name) => `aws dynamodb delete-table --table-name ${name}`).join(' ; ')}.`;
  const backupText = backup === null ? 'No backup was completed.' : `The backup is kept at ${backup.uri}.`;
  const reportText = reportUri === null ? '' : ` Report: ${reportUri}`;
  const text = `${sentence(failure?.cause ?? '')} ${tablesText(run, report)}${remains}${sourceText(run)} ${backupText} ${nextSteps[status](run)}${reportText}`;
  return cut(text, maxCauseBytes);
}

async function endReport(
  runtime: Runtime,
  run: Run,
  status: ReportStatus,
  result: TakeBackResult,
): Promise<Report> {
  const ledger = await readRunLedger(runtime, run.runId);
  const { error = 'UnknownError', cause = '', state } = run.failure ?? {};
  const nextStep = [...result.remaining, nextSteps[status](run)].join(' ');
  const failure = { error, cause, nextStep, ...(state === undefined ? {} : { state }) };
  const finishedAt = Date.parse(run.finishedAt ?? new Date(runtime.clock.now()).toISOString());
  return buildReport(runtime, run, ledger, { status, failure, finishedAt });
}

const nothingRemains: TakeBackResult = { remaining: [], remainingTables: [] };

/** Writes the end status and releases the lock in one transaction, then the report. */
export async function finishRollBack(
  runtime: Runtime,
  run: Run,
  result: TakeBackResult,
): Promise<RollBackTurn> {
  const to = result.remaining.length === 0 ? 'ROLLED_BACK' : 'ROLLBACK_FAILED';
  const facts = { finishedAt: new Date(runtime.clock.now()).toISOString() };
  const writer = `end:${run.settler ?? ''}:${run.markedAt ?? 0}`;
  const ended = await transition(runtime.ledger, { run, to, lock: 'release', writer, facts });
  if (ended === undefined)
    throw new RunClosedError(
      `Run ${run.runId} was ended by somebody else while it was being taken back; this execution changes nothing more.`,
    );
  const report = await endReport(runtime, ended, to, result);
  return turnFor(ended, await publishReport(runtime, report), result);
}

function turnFor(run: Run, report: Report, result: TakeBackResult): RollBackTurn {
  const error = report.failure?.error ?? 'UnknownError';
  return {
    done: true,
    waitSeconds: 0,
    end: endOf(run),
    error,
    cause: causeText(run, report, result),
    report,
  };
}

function endOf(run: Run): RollBackTurn['end'] {
  return run.status === 'PLANNED' ? 'SUCCEEDED' : (run.status as RollBackTurn['end']);
}

/** The answer for a run that has its end, or is held: nothing more is done to it. */
export async function endedTurn(runtime: Runtime, run: Run): Promise<RollBackTurn> {
  if (run.status === 'SUCCEEDED' || run.status === 'PLANNED') {
    const report = await standingReport(runtime, await finishOpening(runtime, run));
    return {
      done: true,
      waitSeconds: 0,
      end: 'SUCCEEDED',
      error: '',
      cause: `Run ${run.runId} succeeded; nothing was taken back.`,
      report,
    };
  }
  const report = await endReport(runtime, run, run.status as ReportStatus, nothingRemains);
  const isFresh =
    (await runtime.objects.get(runLayout.report(run.runId))) === undefined || run.status === 'HELD';
  return turnFor(run, isFresh ? await publishReport(runtime, report) : report, nothingRemains);
}

/** As CompleteRun wrote it; built again where its writer died first. */
async function standingReport(runtime: Runtime, run: Run): Promise<unknown> {
  const stored = await runtime.objects.get(runLayout.report(run.runId));
  if (stored !== undefined) return JSON.parse(stored.body.toString('utf8'));
  const finishedAt = Date.parse(run.finishedAt ?? run.startedAt);
  const status = run.status as ReportStatus;
  const ledger = await readRunLedger(runtime, run.runId);
  return publishReport(
    runtime,
    buildReport(runtime, await readRun(runtime.ledger, run.runId), ledger, {
      status,
      failure: null,
      finishedAt,
    }),
  );
}

/** The execution failed before it had begun a run: there is nothing in the ledger and nothing to take back. */
export function nothingBegunTurn(failure: ReadableFailure): RollBackTurn {
  const { error, cause } = failure;
  return { done: true, waitSeconds: 0, end: 'NOTHING', error, cause, report: null };
}
